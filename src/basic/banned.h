/* SPDX-License-Identifier: MIT */
#pragma once

/* Functions with no bound on what they write, or with hidden state. Included at the end of macro.h
 * (which has included the headers that declare them), so that using one does not compile. */

#include <alloca.h>

#define BANNED(function) the_function_##function##_is_banned

#undef strcpy
#define strcpy(a, b) BANNED(strcpy)
#undef strcat
#define strcat(a, b) BANNED(strcat)
#undef strncpy
#define strncpy(a, b, c) BANNED(strncpy)
#undef strncat
#define strncat(a, b, c) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef strtok
#define strtok(a, b) BANNED(strtok)
#undef atoi
#define atoi(a) BANNED(atoi)
#undef atol
#define atol(a) BANNED(atol)
#undef alloca
#define alloca(a) BANNED(alloca)
