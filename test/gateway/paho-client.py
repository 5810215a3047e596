"""A program with paho-mqtt at the embedded broker. Prints one JSON line a result."""
import json
import sys
import threading

import paho.mqtt.client as mqtt

host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
WAIT = 60


def client(name, secret=password):
    one = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311)
    one.username_pw_set(user, secret)
    one.connected = threading.Event()
    one.subscribed = threading.Event()
    one.heard = []
    one.arrived = threading.Event()

    def on_connect(_client, _data, _flags, reason, _properties):
        one.reason = str(reason)
        one.connected.set()

    def on_message(_client, _data, message):
        one.heard.append([message.topic, message.payload.decode(), message.qos, bool(message.retain)])
        one.arrived.set()

    one.on_connect = on_connect
    one.on_message = on_message
    one.on_subscribe = lambda *_: one.subscribed.set()
    return one


def started(name, will=None, secret=password):
    one = client(name, secret)
    if will is not None:
        one.will_set(will, "gone", qos=1, retain=False)
    one.connect(host, port, 30)
    one.loop_start()
    one.connected.wait(WAIT)
    return one


def say(name, value):
    print(json.dumps([name, value]), flush=True)


wrong = started("wrong", secret="not the password")
say("wrong password", wrong.reason)
wrong.loop_stop()

reader = started("reader")
say("connected", reader.reason)
reader.subscribe([("paho/#", 1), ("makai/daemons/gateway/status", 1)])
reader.subscribed.wait(WAIT)

writer = started("writer", will="paho/will")
for i in range(100):
    writer.publish("paho/values", str(i), qos=1).wait_for_publish(WAIT)
writer.publish("paho/kept", "kept", qos=1, retain=True).wait_for_publish(WAIT)


def until(wanted):
    for _ in range(10 * WAIT):
        if wanted():
            return True
        reader.arrived.wait(0.1)
        reader.arrived.clear()
    return False


until(lambda: len([1 for topic, *_ in reader.heard if topic == "paho/values"]) >= 100)
say("values", [payload for topic, payload, *_ in reader.heard if topic == "paho/values"])
say("status", [retain for topic, _, _, retain in reader.heard if topic.startswith("makai/")])

late = started("late")
late.subscribe("paho/kept", 1)
late.arrived.wait(WAIT)
say("retained", late.heard)

# Without a word: the broker publishes the last will.
writer._sock_close()
writer.loop_stop()
until(lambda: any(topic == "paho/will" for topic, *_ in reader.heard))
say("will", [payload for topic, payload, *_ in reader.heard if topic == "paho/will"])
for one in (reader, late):
    one.disconnect()
    one.loop_stop()
