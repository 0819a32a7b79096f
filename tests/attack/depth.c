/* Ways to be deeper in a tree than any path can say. A NAME "@255" is a name of so many bytes. */
#include "tests/attack/attack.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* expand(const char* name) {
  static char room[NAME_MAX + 2];
  if (name[0] != '@') return name;
  size_t length = (size_t)atoi(name + 1);
  if (length > NAME_MAX + 1) length = NAME_MAX + 1;
  memset(room, 'n', length);
  room[length] = 0;
  return room;
}

static int descend(char** argv, bool make) {
  const char* name = expand(argv[0]);
  for (int steps = atoi(argv[1]); steps > 0; steps--) {
    if (make && mkdir(name, 0755) < 0 && errno != EEXIST) return errno;
    if (chdir(name) < 0) return errno;
  }
  return 0;
}

static int run_dig(int argc, char** argv) {
  (void)argc;
  return descend(argv, true);
}

static int run_descend(int argc, char** argv) {
  (void)argc;
  return descend(argv, false);
}

const struct operation depth_operations[] = {
    {"dig", "NAME COUNT (makes directories below one another and enters them)", 2, 2, run_dig},
    {"descend", "NAME COUNT (enters such directories)", 2, 2, run_descend},
    {0},
};
