/* intruder: what `attack` does, done from where a server stands. Preloaded, it waits in a thread of
 * the program that the environment names and carries out orders in children of it, which have its
 * credentials, capabilities, working directory and descriptors: the position of whoever has
 * taken the server over.
 *
 *   INTRUDER_IN=nginx INTRUDER=/orders LD_PRELOAD=/usr/lib/libintruder.so nginx …
 *
 * A line of the file "orders" in the directory INTRUDER is "LABEL OPERATION… [-- OPERATION…]". The
 * answers come to "answers", as lines that begin with the label; then the file "done" is made, and
 * "orders" may come again.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* main() of main.c, which is compiled under this name here. */
int attack_main(int argc, char** argv);

#define WORDS_MAX 32
#define ORDERS_MAX 8192
#define ANSWER_MAX 1024

static char directory[256];

static int open_in_directory(const char* name, int flags) {
  char path[sizeof(directory) + 16];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  return open(path, flags | O_CLOEXEC, 0666);
}

static void remove_from_directory(const char* name) {
  char path[sizeof(directory) + 16];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  unlink(path);
}

/* In the child. The server's handlers go: they would look after children that are not its own. */
static void carry_out(char* line, int answers) {
  char* words[WORDS_MAX + 1] = {0};
  int count = 0;
  for (char* word = strtok(line, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
    words[count++] = word;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  dup2(answers, STDOUT_FILENO);
  stdout = fdopen(STDOUT_FILENO, "w");
  /* The label is the command's name. */
  _exit(count > 1 ? attack_main(count, words) : 2);
}

/* Appends what the child writes to `text`, with a space in the place of each end of line. */
static size_t read_answer(int answer, char* text, size_t length) {
  ssize_t got;
  while ((got = read(answer, text + length, ANSWER_MAX - 1 - length)) > 0) length += (size_t)got;
  for (size_t i = 0; i < length; i++)
    if (text[i] == '\n') text[i] = ' ';
  text[length] = '\n';
  return length + 1;
}

/* The server may wait for children of its own, any of them: that this one has ended is told by the
 * end of what it writes. Nothing is left in a stream of stdio meanwhile: a child of the server that
 * begins now and ends by exit(3) would write it a second time, or set back what is read here. */
static void obey(char* line, int answers) {
  int ends[2];
  char text[ANSWER_MAX] = "";
  if (pipe2(ends, O_CLOEXEC) < 0) return;
  size_t label = strcspn(line, " ");
  size_t length = (size_t)snprintf(text, sizeof(text), "%.*s ", (int)label, line);
  pid_t child = fork();
  if (child == 0) carry_out(line, ends[1]);
  close(ends[1]);
  length = read_answer(ends[0], text, length);
  close(ends[0]);
  if (write(answers, text, length) < 0) abort();
}

static void obey_all(char* orders, int answers) {
  char* rest = NULL;
  for (char* line = strtok_r(orders, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
    obey(line, answers);
}

static void* wait_for_orders(void* unused) {
  for (;;) {
    char text[ORDERS_MAX + 1] = "";
    int orders;
    while ((orders = open_in_directory("orders", O_RDONLY)) < 0) usleep(100000);
    if (read(orders, text, ORDERS_MAX) < 0) abort();
    close(orders);
    int answers = open_in_directory("answers", O_WRONLY | O_CREAT | O_APPEND);
    obey_all(text, answers);
    close(answers);
    remove_from_directory("orders");
    close(open_in_directory("done", O_WRONLY | O_CREAT));
  }
  return unused;
}

/* The thread takes no signal: some servers expect theirs in the thread that they know. */
static void __attribute__((constructor)) enter(void) {
  const char* where = getenv("INTRUDER");
  const char* program = getenv("INTRUDER_IN");
  if (!where || !program || strcmp(program_invocation_short_name, program) != 0) return;
  snprintf(directory, sizeof(directory), "%s", where);
  sigset_t all, former;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &former);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_orders, NULL);
  pthread_sigmask(SIG_SETMASK, &former, NULL);
}
