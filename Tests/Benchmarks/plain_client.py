"""What a plain asyncio and aiohttp client takes for requests such as a run makes.

Usage: plain_client.py BASE_URL COUNT SLOTS: sends COUNT chat completions, SLOTS at a time, and reads the
answers as JSON. Nothing is kept.
"""

import asyncio
import json
import sys

import aiohttp


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


async def work(session, url, numbers, prompt):
    for number in numbers:
        async with session.post(
            url, data=body(number, prompt), headers={"content-type": "application/json"}
        ) as response:
            answer = await response.json()
            json.loads(answer["choices"][0]["message"]["content"])


async def main(base, count, slots):
    numbers = iter(range(count))
    prompt = "Write one problem. " * 40
    connector = aiohttp.TCPConnector(limit=slots)
    async with aiohttp.ClientSession(connector=connector) as session:
        url = base + "/chat/completions"
        await asyncio.gather(*(work(session, url, numbers, prompt) for _ in range(slots)))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
