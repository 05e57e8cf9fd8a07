# A strict client of HTTP/2 by python3-h2: many requests at once, and it stops at whatever the RFC forbids.
# Prints one line of JSON: what came of each stream.
import json
import socket
import sys

import h2.config
import h2.connection
import h2.events

port, count = int(sys.argv[1]), int(sys.argv[2])
sock = socket.create_connection(("127.0.0.1", port), timeout=20)
conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
conn.initiate_connection()
streams = {}
# Bodies in pieces, so that the windows of the proxy have their say.
pending = {}


def head(index):
    method = "POST" if index % 3 else "GET"
    return [(":method", method), (":scheme", "http"), (":authority", "a.test"), (":path", "/%d" % index),
            ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=%d" % index), ("user-agent", "python-h2")]


for index in range(count):
    stream = conn.get_next_available_stream_id()
    streams[stream] = {"index": index, "size": 0, "ended": False}
    body = index % 3
    conn.send_headers(stream, head(index), end_stream=not body)
    if body:
        pending[stream] = bytes(50_000 * (index % 3))


def send_bodies():
    for stream in list(pending):
        while pending[stream]:
            room = min(conn.local_flow_control_window(stream), conn.max_outbound_frame_size, len(pending[stream]))
            if not room:
                break
            conn.send_data(stream, pending[stream][:room])
            pending[stream] = pending[stream][room:]
        if not pending[stream]:
            conn.send_headers(stream, [("x-sum", str(stream))], end_stream=True)
            del pending[stream]


while not all(stream["ended"] for stream in streams.values()):
    send_bodies()
    sock.sendall(conn.data_to_send())
    data = sock.recv(65536)
    if not data:
        break
    for event in conn.receive_data(data):
        stream = streams.get(getattr(event, "stream_id", 0) or 0)
        if isinstance(event, h2.events.ResponseReceived):
            stream["status"] = dict(event.headers)[":status"]
        elif isinstance(event, h2.events.TrailersReceived):
            stream["trailers"] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            stream["size"] += len(event.data)
            conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            stream["ended"] = True
        elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
            print(json.dumps({"failed": repr(event)}))
            sys.exit(1)
conn.close_connection()
sock.sendall(conn.data_to_send())
print(json.dumps(list(streams.values())))
