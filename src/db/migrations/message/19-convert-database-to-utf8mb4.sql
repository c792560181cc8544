-- unless collation utf8mb4_unicode_ci
ALTER DATABASE {m} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation clicks utf8mb4_unicode_ci
ALTER TABLE {m}.clicks CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation deliveries utf8mb4_unicode_ci
ALTER TABLE {m}.deliveries CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation links utf8mb4_unicode_ci
ALTER TABLE {m}.links CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation live_stats utf8mb4_unicode_ci
ALTER TABLE {m}.live_stats CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation loads utf8mb4_unicode_ci
ALTER TABLE {m}.loads CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation messages utf8mb4_unicode_ci
ALTER TABLE {m}.messages CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation migrations utf8mb4_unicode_ci
ALTER TABLE {m}.migrations CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation raw_message_sizes utf8mb4_unicode_ci
ALTER TABLE {m}.raw_message_sizes CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation spam_checks utf8mb4_unicode_ci
ALTER TABLE {m}.spam_checks CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation stats_daily utf8mb4_unicode_ci
ALTER TABLE {m}.stats_daily CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation stats_hourly utf8mb4_unicode_ci
ALTER TABLE {m}.stats_hourly CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation stats_monthly utf8mb4_unicode_ci
ALTER TABLE {m}.stats_monthly CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation stats_yearly utf8mb4_unicode_ci
ALTER TABLE {m}.stats_yearly CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation suppressions utf8mb4_unicode_ci
ALTER TABLE {m}.suppressions CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- unless collation webhook_requests utf8mb4_unicode_ci
ALTER TABLE {m}.webhook_requests CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
