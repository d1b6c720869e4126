"""A small MQTT 5 client and a recording relay, for tests that must see the bytes on the wire.

Client: QoS 1 publish and subscribe over a plain socket, one thread, no hidden buffers. Every
packet received is kept as raw bytes in `packets` when `record` is set, so a test can say exactly
which PUBACK came and when. It promises nothing for production: no TLS, no QoS 2, no reconnect.

Relay: sits between a client and the broker and writes down every packet of both directions; it
can hold back or cut one direction, which is how a test looks at a daemon's acknowledgements.
"""

import socket
import struct
import threading
import time

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 12, 13, 14
NAMES = {CONNECT: "CONNECT", CONNACK: "CONNACK", PUBLISH: "PUBLISH", PUBACK: "PUBACK",
         SUBSCRIBE: "SUBSCRIBE", SUBACK: "SUBACK", PINGREQ: "PINGREQ", PINGRESP: "PINGRESP",
         DISCONNECT: "DISCONNECT"}

PROP_CONTENT_TYPE = 0x03
PROP_SESSION_EXPIRY = 0x11
PROP_RECEIVE_MAX = 0x21
PROP_USER = 0x26


class MqttError(Exception):
    """The broker said no, or said nothing in time."""


def encode_length(length):
    out = bytearray()
    while True:
        digit = length & 0x7F
        length >>= 7
        out.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(out)


def encode_text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("!H", len(data)) + data


def encode_packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + encode_length(len(body)) + body


def encode_properties(content_type="", user=()):
    body = b""
    if content_type:
        body += bytes([PROP_CONTENT_TYPE]) + encode_text(content_type)
    for name, value in user:
        body += bytes([PROP_USER]) + encode_text(name) + encode_text(value)
    return encode_length(len(body)) + body


def split_packet(data, start=0):
    """The first whole packet at `start`: (kind, flags, body offset, end), or None."""
    length = shift = 0
    at = start + 1
    while True:
        if at >= len(data):
            return None
        digit = data[at]
        length |= (digit & 0x7F) << shift
        at += 1
        if not digit & 0x80:
            break
        shift += 7
        if shift > 21:
            raise MqttError("malformed remaining length")
    if at + length > len(data):
        return None
    return data[start] >> 4, data[start] & 15, at, at + length


def decode_length(data, at):
    length = shift = 0
    while True:
        digit = data[at]
        at += 1
        length |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return length, at


class Message:
    """One PUBLISH received."""

    __slots__ = ("topic", "payload", "qos", "dup", "retain", "pid", "at")

    def __init__(self, flags, body):
        size = struct.unpack_from("!H", body)[0]
        self.topic = body[2:2 + size].decode()
        at = 2 + size
        self.qos = flags >> 1 & 3
        self.dup = bool(flags & 8)
        self.retain = bool(flags & 1)
        self.pid = 0
        if self.qos:
            self.pid = struct.unpack_from("!H", body, at)[0]
            at += 2
        length, at = decode_length(body, at)
        self.payload = bytes(body[at + length:])
        self.at = time.monotonic()

    def __repr__(self):
        return f"Message({self.topic}, {len(self.payload)} bytes)"


class Client:
    """MQTT 5 at QoS 1. Methods wait for their answer until `timeout` seconds have passed."""

    def __init__(self, port, client_id, username="", password="", host="127.0.0.1", clean=True,
                 expiry=0, receive_max=1000, auto_ack=True, timeout=10.0, record=False):
        self.timeout = timeout
        self.auto_ack = auto_ack
        self.record = record
        self.packets = []
        self.messages = []
        self.pubacks = {}
        self.session_present = False
        self.peer_receive_max = 65535
        self._in = bytearray()
        self._next_pid = 0
        self._answers = []
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connect(client_id, username, password, clean, expiry, receive_max)

    def _connect(self, client_id, username, password, clean, expiry, receive_max):
        flags = (2 if clean else 0) | (0x80 if username else 0) | (0x40 if password else 0)
        properties = struct.pack("!BIBH", PROP_SESSION_EXPIRY, expiry,
                                 PROP_RECEIVE_MAX, receive_max)
        body = encode_text("MQTT") + bytes([5, flags]) + struct.pack("!H", 600)
        body += encode_length(len(properties)) + properties + encode_text(client_id)
        body += encode_text(username) if username else b""
        body += encode_text(password) if password else b""
        self._send(encode_packet(CONNECT, 0, body))
        answer = self._wait(CONNACK)
        if answer[1]:
            raise MqttError(f"CONNACK reason 0x{answer[1]:02x}")
        self.session_present = bool(answer[0] & 1)
        self._read_connack(answer)

    def _read_connack(self, body):
        length, at = decode_length(body, 2)
        end = at + length
        sizes = {0x11: 4, 0x21: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x22: 2, 0x28: 1, 0x29: 1, 0x2A: 1,
                 0x13: 2}
        while at < end:
            prop = body[at]
            if prop == PROP_RECEIVE_MAX:
                self.peer_receive_max = struct.unpack_from("!H", body, at + 1)[0]
            if prop in sizes:
                at += 1 + sizes[prop]
            else:
                at += 3 + struct.unpack_from("!H", body, at + 1)[0]

    def fileno(self):
        return self.socket.fileno()

    def _send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise MqttError(f"connection closed by the broker: {error}") from None

    def _take_packets(self):
        """Works through all whole packets in the buffer."""
        at = 0
        while True:
            found = split_packet(self._in, at)
            if not found:
                break
            kind, flags, start, end = found
            body = bytes(self._in[start:end])
            if self.record:
                self.packets.append(bytes(self._in[at:end]))
            at = end
            self._take(kind, flags, body)
        del self._in[:at]

    def _take(self, kind, flags, body):
        if kind == PUBLISH:
            message = Message(flags, body)
            self.messages.append(message)
            if message.qos and self.auto_ack:
                self.ack(message)
        elif kind == PUBACK:
            pid = struct.unpack_from("!H", body)[0]
            self.pubacks[pid] = body[2] if len(body) > 2 else 0
        elif kind == DISCONNECT:
            raise MqttError(f"broker disconnected, reason 0x{body[0] if body else 0:02x}")
        else:
            self._answers.append((kind, body))

    def poll(self, timeout=0.0):
        """Reads what has come; waits at most `timeout` for the first byte. True if bytes came."""
        self.socket.settimeout(timeout if timeout > 0 else 0.000001)
        try:
            data = self.socket.recv(1 << 18)
        except (socket.timeout, BlockingIOError):
            return False
        except OSError as error:
            raise MqttError(f"connection closed by the broker: {error}") from None
        finally:
            self.socket.settimeout(self.timeout)
        if not data:
            raise MqttError("connection closed by the broker")
        self._in += data
        self._take_packets()
        return True

    def _until(self, condition, what, timeout=None):
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                words = what() if callable(what) else what
                raise MqttError(f"no {words} within {timeout or self.timeout:g} s")
            self.poll(min(left, 0.5))

    def _wait(self, kind):
        self._until(lambda: any(k == kind for k, _ in self._answers), NAMES[kind])
        for index, (found, body) in enumerate(self._answers):
            if found == kind:
                del self._answers[index]
                return body
        raise AssertionError("unreachable")

    def _pid(self):
        self._next_pid = self._next_pid % 65535 + 1
        return self._next_pid

    def subscribe(self, *filters):
        """QoS 1. Returns the reason codes; a refused filter is >= 0x80."""
        body = struct.pack("!H", self._pid()) + b"\0"
        for text in filters:
            body += encode_text(text) + b"\x01"
        self._send(encode_packet(SUBSCRIBE, 2, body))
        answer = self._wait(SUBACK)
        length, at = decode_length(answer, 2)
        return list(answer[at + length:])

    def encode_publish(self, topic, payload, content_type="", user=(), retain=False):
        """(packet id, packet) of a QoS 1 publish, for a caller that sends by itself."""
        pid = self._pid()
        data = payload.encode() if isinstance(payload, str) else payload
        body = (encode_text(topic) + struct.pack("!H", pid)
                + encode_properties(content_type, user) + data)
        return pid, encode_packet(PUBLISH, 2 | (1 if retain else 0), body)

    def publish(self, topic, payload, content_type="", user=(), retain=False, wait=True):
        """Publishes and returns the reason code of the PUBACK (None with wait=False)."""
        pid, packet = self.encode_publish(topic, payload, content_type, user, retain)
        self._send(packet)
        if not wait:
            return None
        self._until(lambda: pid in self.pubacks, "PUBACK")
        return self.pubacks.pop(pid)

    def publish_many(self, events, content_type="", window=500, timeout=120.0):
        """Publishes (topic, payload) pairs with `window` in flight; returns how many were
        acknowledged with success. Raises when an answer is missing after `timeout` seconds."""
        window = min(window, self.peer_receive_max)
        deadline = time.monotonic() + timeout
        good = open_count = 0
        chunk = bytearray()

        def settle():
            nonlocal good, open_count
            good += sum(1 for code in self.pubacks.values() if code < 0x80)
            open_count -= len(self.pubacks)
            self.pubacks.clear()

        for topic, payload in events:
            chunk += self.encode_publish(topic, payload, content_type)[1]
            open_count += 1
            if len(chunk) > 32768 or open_count >= window:
                self._send(chunk)
                chunk.clear()
            while open_count >= window:
                self._until(lambda: self.pubacks, "PUBACK", deadline - time.monotonic())
                settle()
        self._send(chunk)
        while open_count > 0:
            self._until(lambda: self.pubacks, "PUBACK", deadline - time.monotonic())
            settle()
        return good

    def ack(self, message):
        self._send(encode_packet(PUBACK, 0, struct.pack("!H", message.pid)))

    def receive(self, count=1, timeout=None, match=None):
        """The next `count` messages (for which match(m) holds), taken out of `messages`."""
        found = []

        def enough():
            keep = []
            for message in self.messages:
                wanted = len(found) < count and (match is None or match(message))
                (found if wanted else keep).append(message)
            self.messages[:] = keep
            return len(found) >= count

        self._until(enough, lambda: f"{count} messages, only {len(found)},", timeout)
        return found

    def close(self):
        try:
            self._send(encode_packet(DISCONNECT, 0, b""))
        except MqttError:
            pass
        self.socket.close()

    def drop(self):
        """Ends the connection as a crash would: no DISCONNECT."""
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Relay:
    """A TCP relay to the broker that writes down packets: `seen` is a list of
    (direction, kind name, raw bytes, monotonic time); direction is "up" (to the broker) or "down".
    hold("up") keeps the bytes of a direction back until let("up"). It stands in for its broker:
    Gateway(folder, Relay(broker))."""

    def __init__(self, broker, port=0):
        self.broker_port = broker.port
        self.accounts = broker.accounts
        self.seen = []
        self.changed = threading.Condition()
        self._held = {"up": False, "down": False}
        self._pairs = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while self._open:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.broker_port), 5)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            for end in (client, broker):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append((client, broker))
            threading.Thread(target=self._pump, args=(client, broker, "up"), daemon=True).start()
            threading.Thread(target=self._pump, args=(broker, client, "down"), daemon=True).start()

    def _pump(self, source, sink, direction):
        pending = bytearray()
        try:
            while True:
                data = source.recv(1 << 16)
                if not data:
                    break
                self._note(pending, data, direction)
                with self.changed:
                    self.changed.wait_for(lambda: not self._held[direction] or not self._open)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _note(self, pending, data, direction):
        pending += data
        at = 0
        with self.changed:
            while True:
                found = split_packet(pending, at)
                if not found:
                    break
                raw = bytes(pending[at:found[3]])
                name = NAMES.get(found[0], str(found[0]))
                self.seen.append((direction, name, raw, time.monotonic()))
                at = found[3]
            self.changed.notify_all()
        del pending[:at]

    def count(self, direction, name):
        with self.changed:
            return sum(1 for seen in self.seen if seen[0] == direction and seen[1] == name)

    def wait(self, direction, name, count=1, timeout=10.0):
        """Waits until `count` packets of that name have passed; False when they have not."""
        def enough():
            return sum(1 for s in self.seen if s[0] == direction and s[1] == name) >= count

        with self.changed:
            return self.changed.wait_for(enough, timeout)

    def hold(self, direction):
        with self.changed:
            self._held[direction] = True

    def let(self, direction):
        with self.changed:
            self._held[direction] = False
            self.changed.notify_all()

    def cut(self):
        """Ends all connections at once; new ones are accepted."""
        for pair in self._pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                    end.close()
                except OSError:
                    pass
        self._pairs.clear()

    def close(self):
        with self.changed:
            self._open = False
            self.changed.notify_all()
        self._listener.close()
        self.cut()
