"""What a plain asyncio and aiohttp client takes for requests such as a run makes.

Usage: plain_client.py BASE_URL COUNT SLOTS: sends COUNT chat completions, SLOTS at a time, and reads the
answers as JSON. Nothing is kept.

plain_client.py BASE_URL --calls FILE SLOTS: sends the requests of recorded calls again, and prints how many
tokens came in which time.
"""

import asyncio
import json
import sys
import time

import aiohttp

HEADERS = {"content-type": "application/json"}


def body(number, prompt):
    return json.dumps(
        {
            "model": "mock",
            "messages": [{"role": "user", "content": f"{prompt} {number}"}],
            "temperature": 0.7,
            "max_tokens": 2048,
            "seed": number,
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer"}},
            "stream": False,
        }
    )


def body_of(call):
    """The request of a recorded call as it was sent."""
    request = call["request"]
    body = {
        "model": request["model"],
        "messages": [{"role": m["role"], "content": m["text"]} for m in request["messages"]],
        "temperature": request.get("temperature"),
        "max_tokens": request.get("max-tokens"),
        "seed": int(call["key"][-8:], 16) & 0x7FFFFFFF,
        "stream": False,
    }
    if "schema" in request:
        schema = {"name": "answer", "strict": True, "schema": json.loads(request["schema"])}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return json.dumps(body)


async def work(session, url, bodies, parses):
    tokens = 0
    for data in bodies:
        async with session.post(url, data=data, headers=HEADERS) as response:
            answer = await response.json()
            if parses:
                json.loads(answer["choices"][0]["message"]["content"])
            tokens += answer["usage"]["completion_tokens"]
    return tokens


async def main(base, bodies, slots, parses):
    bodies = iter(bodies)
    connector = aiohttp.TCPConnector(limit=slots)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        url = base + "/chat/completions"
        start = time.monotonic()
        tokens = await asyncio.gather(
            *(work(session, url, bodies, parses) for _ in range(slots))
        )
        return {"tokens": sum(tokens), "seconds": time.monotonic() - start}


if sys.argv[2] == "--calls":
    with open(sys.argv[3]) as file:
        calls = [json.loads(line) for line in file]
    remote = [body_of(call) for call in calls if call["request"]["provider"] == "openai"]
    print(json.dumps(asyncio.run(main(sys.argv[1], remote, int(sys.argv[4]), False))))
else:
    prompt = "Write one problem. " * 40
    made = (body(number, prompt) for number in range(int(sys.argv[2])))
    asyncio.run(main(sys.argv[1], made, int(sys.argv[3]), True))
