/*
 * Listening sockets for http.c: TCP on an address, or a unix socket that only its owner may use.
 * Both are non-blocking and closed on exec. Each returns the socket, or -1 with a sentence in err.
 */
#ifndef HTTP_SOCKET_H
#define HTTP_SOCKET_H

struct buf;

/* "127.0.0.1:8086", "[::1]:8085", port 0 for any free one. Addresses only, no names. */
int http_socket_tcp(const char *listen_on, struct buf *err);

/* Mode 0600. A socket file that nobody listens on is replaced; one with a listener is refused, as
 * is any other kind of file. */
int http_socket_unix(const char *path, struct buf *err);

/* The port that a TCP socket got; 0 for others. */
int http_socket_port(int fd);

#endif
