-- The one step that takes something away: Postal 2.0 and later do not know the column.
-- if column ip_pools.type
-- online
ALTER TABLE ip_pools DROP COLUMN type;
