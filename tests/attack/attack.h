/* Operations that a container may try. Each is one row of a table; main.c runs them by name. */
#ifndef HOLDFAST_TESTS_ATTACK_H
#define HOLDFAST_TESTS_ATTACK_H

#include <errno.h>
#include <stdbool.h>

/* Runs with argc arguments (the operation's name not among them). Returns 0 or a positive errno. */
typedef int (*operation_fn)(int argc, char** argv);

struct operation {
  const char* name;
  const char* arguments; /* for the usage text */
  int argc_min;
  int argc_max;
  operation_fn run;
};

/* Every table ends with a row of zeroes. */
extern const struct operation control_operations[];
extern const struct operation file_operations[];
extern const struct operation tree_operations[];
extern const struct operation uring_operations[];
extern const struct operation mount_operations[];
extern const struct operation namespace_operations[];
extern const struct operation exec_operations[];
extern const struct operation kernel_operations[];
extern const struct operation process_operations[];
extern const struct operation network_operations[];
extern const struct operation depth_operations[];
extern const struct operation anonymous_operations[];
extern const struct operation ia32_operations[];

/* 0, or errno when `result` is negative. */
static inline int outcome(long result) { return result < 0 ? errno : 0; }

/* Runs what is left of the command line; its exit code. */
int run_rest(void);

/* Opens, closes, and says whether that went. */
int try_open(int directory, const char* path, int flags, unsigned mode);

/* Copies file SOURCE into the descriptor. */
int copy_into(const char* source, int target);

#endif
