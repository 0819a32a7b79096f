/* Connections, of the internet families and to daemons of the same machine. */
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in address_of(const char* address, const char* port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port))};
  inet_pton(AF_INET, address, &in.sin_addr);
  return in;
}

/* A refusal by the peer means that the kernel let the connection try: "ok". */
static int asked(long result) {
  int error = outcome(result);
  return error == ECONNREFUSED ? 0 : error;
}

static int run_connect(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int error = asked(connect(fd, (struct sockaddr*)&in, sizeof(in)));
  close(fd);
  return error;
}

/* Copies the bytes to where nothing can be read behind them. */
static const void* at_the_edge(const void* bytes, size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE) < 0) exit(2);
  return memcpy(map + page - size, bytes, size);
}

static int run_connect_edge(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int error = asked(connect(fd, at_the_edge(&in, sizeof(in)), sizeof(in)));
  close(fd);
  return error;
}

/* Ends the connection, or the attempt at one, and keeps the socket. */
static int run_disconnect(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int error = asked(connect(fd, (struct sockaddr*)&in, sizeof(in)));
  if (!error) error = outcome(connect(fd, &nobody, sizeof(nobody)));
  close(fd);
  return error;
}

static int run_connect_mapped(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)atoi(argv[1]))};
  struct in_addr v4;
  inet_pton(AF_INET, argv[0], &v4);
  in.sin6_addr.s6_addr[10] = in.sin6_addr.s6_addr[11] = 0xff;
  memcpy(&in.sin6_addr.s6_addr[12], &v4, sizeof(v4));
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  int error = asked(connect(fd, (struct sockaddr*)&in, sizeof(in)));
  close(fd);
  return error;
}

static int send_to(int type, int flags, const struct sockaddr_in* in) {
  int fd = socket(AF_INET, type, 0);
  int error = asked(sendto(fd, "x", 1, flags, (const struct sockaddr*)in, sizeof(*in)));
  close(fd);
  return error;
}

static int run_send(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  return send_to(SOCK_DGRAM, 0, &in);
}

/* The kernel takes an address without a family for an IPv4 one. */
static int run_send_unspecified(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  in.sin_family = AF_UNSPEC;
  return send_to(SOCK_DGRAM, 0, &in);
}

static int run_send_fast_open(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  return send_to(SOCK_STREAM, MSG_FASTOPEN, &in);
}

static int run_listen(int argc, char** argv) {
  struct sockaddr_in in = address_of("127.0.0.1", argc > 0 ? argv[0] : "0");
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int error = argc > 0 ? outcome(bind(fd, (struct sockaddr*)&in, sizeof(in))) : 0;
  if (!error) error = outcome(listen(fd, 1));
  close(fd);
  return error;
}

static int run_bind_datagram(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of("127.0.0.1", argv[0]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int error = outcome(bind(fd, (struct sockaddr*)&in, sizeof(in)));
  close(fd);
  return error;
}

static int run_bind_datagram6(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                            .sin6_port = htons((in_port_t)atoi(argv[0])),
                            .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  int error = outcome(bind(fd, (struct sockaddr*)&in, sizeof(in)));
  close(fd);
  return error;
}

static int make_socket(int family, int type, int protocol) {
  int fd = socket(family, type, protocol);
  int error = outcome(fd);
  if (fd >= 0) close(fd);
  return error;
}

/* To a peer by connect(2) and write(2). */
static int run_send_connected(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int error = outcome(connect(fd, (struct sockaddr*)&in, sizeof(in)));
  if (!error) error = asked(write(fd, "x", 1));
  close(fd);
  return error;
}

/* What a resolver does to learn its own address. */
static int run_connect_datagram(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int error = outcome(connect(fd, (struct sockaddr*)&in, sizeof(in)));
  close(fd);
  return error;
}

static int run_socket(int argc, char** argv) {
  return make_socket(atoi(argv[0]), atoi(argv[1]), argc > 2 ? atoi(argv[2]) : 0);
}

static int run_raw_socket(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int run_packet_socket(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return make_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

/* A name that begins with '@' is abstract. */
static socklen_t unix_address(struct sockaddr_un* un, const char* name) {
  un->sun_family = AF_UNIX;
  strncpy(un->sun_path, name, sizeof(un->sun_path) - 1);
  if (*name == '@') un->sun_path[0] = 0;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));
}

static int connect_unix(const char* name, int type) {
  struct sockaddr_un un = {0};
  socklen_t size = unix_address(&un, name);
  int fd = socket(AF_UNIX, type, 0);
  int error = outcome(connect(fd, (struct sockaddr*)&un, size));
  close(fd);
  return error;
}

static int run_connect_unix(int argc, char** argv) {
  (void)argc;
  return connect_unix(argv[0], SOCK_STREAM);
}

static int run_connect_packets(int argc, char** argv) {
  (void)argc;
  return connect_unix(argv[0], SOCK_SEQPACKET);
}

/* Binds and listens, and keeps the socket for what comes next on the command line. */
static int run_listen_unix(int argc, char** argv) {
  (void)argc;
  struct sockaddr_un un = {0};
  socklen_t size = unix_address(&un, argv[0]);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int error = outcome(bind(fd, (struct sockaddr*)&un, size));
  return error ? error : outcome(listen(fd, 8));
}

/* Executes `program` with the argument "true" in a child whose descriptor `target` is `connection`.
 * ECANCELED: killed before it could say anything. */
static int exec_child_on(int connection, const char* program, int target) {
  int report[2], error = 0, status = 0;
  if (pipe2(report, O_CLOEXEC) < 0) return errno;
  pid_t child = fork();
  if (child == 0) {
    dup2(connection, target);
    execl(program, program, "true", NULL);
    error = errno;
    _exit(write(report[1], &error, sizeof(error)) < 0);
  }
  close(report[1]);
  if (read(report[0], &error, sizeof(error)) < 0) error = errno;
  waitpid(child, &status, 0);
  return !error && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? ECANCELED : error;
}

/* One end of a TCP connection to ourselves. */
static int exec_with_connection(const char* program, int target) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(in);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr*)&in, &size) < 0)
    return errno;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client, (struct sockaddr*)&in, sizeof(in)) < 0) return errno;
  return exec_child_on(client, program, target);
}

/* The same on a connection to somebody who listens already. */
static int run_exec_on_connection_to(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in in = address_of(argv[0], argv[1]);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (struct sockaddr*)&in, sizeof(in)) < 0) return errno;
  return exec_child_on(client, argv[2], STDIN_FILENO);
}

static int run_exec_on_connection(int argc, char** argv) {
  (void)argc;
  return exec_with_connection(argv[0], atoi(argv[1]));
}

const struct operation network_operations[] = {
    {"connect", "ADDRESS PORT", 2, 2, run_connect},
    {"connect-edge", "ADDRESS PORT (the last bytes of a mapping)", 2, 2, run_connect_edge},
    {"disconnect", "ADDRESS PORT (once it was tried)", 2, 2, run_disconnect},
    {"connect-mapped", "ADDRESS PORT", 2, 2, run_connect_mapped},
    {"send", "ADDRESS PORT", 2, 2, run_send},
    {"send-unspecified", "ADDRESS PORT", 2, 2, run_send_unspecified},
    {"send-fast-open", "ADDRESS PORT", 2, 2, run_send_fast_open},
    {"listen", "[PORT]", 0, 1, run_listen},
    {"bind-datagram", "PORT", 1, 1, run_bind_datagram},
    {"bind-datagram6", "PORT", 1, 1, run_bind_datagram6},
    {"send-connected", "ADDRESS PORT", 2, 2, run_send_connected},
    {"connect-datagram", "ADDRESS PORT", 2, 2, run_connect_datagram},
    {"socket", "FAMILY TYPE [PROTOCOL]", 2, 3, run_socket},
    {"raw-socket", "", 0, 0, run_raw_socket},
    {"packet-socket", "", 0, 0, run_packet_socket},
    {"connect-unix", "PATH|@NAME", 1, 1, run_connect_unix},
    {"connect-unix-packets", "PATH|@NAME", 1, 1, run_connect_packets},
    {"listen-unix", "PATH|@NAME", 1, 1, run_listen_unix},
    {"exec-on-connection", "PROGRAM DESCRIPTOR", 2, 2, run_exec_on_connection},
    {"exec-on-connection-to", "ADDRESS PORT PROGRAM", 3, 3, run_exec_on_connection_to},
    {0},
};
