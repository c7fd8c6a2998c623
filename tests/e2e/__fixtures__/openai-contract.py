"""The official python SDK, method by method, against a running stack. Prints one line of JSON for each check: its name, and what went wrong."""
import base64
import json
import os
import shutil
import tempfile
import threading
import time
import traceback
import urllib.request
import warnings
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import openai

# Each call to videos warns that OpenAI itself has closed.
warnings.simplefilter("ignore", DeprecationWarning)

MODEL = "sora2-landscape-10s"
IMAGE = Path(os.environ["REFERENCE_IMAGE"])
VIDEO = Path(os.environ["REFERENCE_VIDEO"])
RECEIVER_PORT = int(os.environ["RECEIVER_PORT"])


HAS_FFMPEG = shutil.which(os.environ.get("FFMPEG_PATH", "ffmpeg")) is not None


def client_of(key: str, retries: int = 0, base_url: str = os.environ["BASE_URL"]) -> openai.OpenAI:
    return openai.OpenAI(base_url=base_url, api_key=key, max_retries=retries)


client = client_of(os.environ["API_KEY"])
checks = []


def check(function):
    checks.append(function)
    return function


def raises(kind, code, call):
    """The error that the call ends with; its class and code are what a program decides by."""
    try:
        call()
    except kind as error:
        assert type(error) is kind, f"{type(error)} in place of {kind}"
        assert error.code == code, f"code {error.code} in place of {code}"
        return error
    raise AssertionError(f"no {kind.__name__}")


def retries_before(error) -> str:
    """How often it was sent again before the request that ended with the error, as the SDK told the gateway."""
    return error.request.headers["x-stainless-retry-count"]


@contextmanager
def served(handler, port: int = 0):
    server = HTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@check
def models_are_listed_and_retrieved():
    ids = [model.id for model in client.models.list()]
    assert MODEL in ids
    assert client.models.retrieve(MODEL).object == "model"
    raises(openai.NotFoundError, "model_not_found", lambda: client.models.retrieve("org/none"))


@check
def a_chat_is_answered_whole():
    chat = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "a paper boat"}])
    assert chat.object == "chat.completion" and chat._request_id
    assert chat.choices[0].finish_reason == "stop"
    assert "<video src=" in chat.choices[0].message.content
    assert chat.usage.total_tokens == chat.usage.prompt_tokens + chat.usage.completion_tokens


@check
def a_chat_streams_its_progress_past_heartbeats():
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "a kite above a beach"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "%" in "".join((delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas)
    assert "<video src=" in "".join(delta.content or "" for delta in deltas)


@check
def the_stream_helper_puts_a_chat_together():
    with client.chat.completions.stream(model="gpt-image", messages=[{"role": "user", "content": "a red square"}]) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.content.startswith("![")

    message = [{"role": "user", "content": "a helper [sim:violation]"}]
    with client.chat.completions.stream(model=MODEL, messages=message) as failing:
        raises(openai.APIError, "content_policy_violation", failing.until_done)


@check
def mistakes_have_their_classes_and_codes():
    message = [{"role": "user", "content": "x"}]
    error = raises(openai.BadRequestError, "unsupported_parameter",
                   lambda: client.chat.completions.create(model=MODEL, messages=message, n=2))
    assert error.param == "n" and error.request_id
    raises(openai.NotFoundError, "model_not_found", lambda: client.chat.completions.create(model="none", messages=message))
    raises(openai.AuthenticationError, "invalid_api_key", lambda: client_of("rly_of-nobody").models.list())
    raises(openai.NotFoundError, "model_not_found",
           lambda: list(client.chat.completions.create(model="none", messages=message, stream=True)))
    restricted = client_of(os.environ["RESTRICTED_API_KEY"])
    assert [model.id for model in restricted.models.list()] == ["gpt-image"]
    error = raises(openai.PermissionDeniedError, "model_not_allowed", lambda: restricted.videos.create(model=MODEL, prompt="x"))
    assert (error.status_code, error.param) == (403, "model")
    once = {"Idempotency-Key": "once"}
    client.videos.create(model=MODEL, prompt="one", extra_headers=once)
    raises(openai.UnprocessableEntityError, "idempotency_key_reused",
           lambda: client.videos.create(model=MODEL, prompt="two", extra_headers=once))
    # The upstream has failed for good: the SDK is told not to try that again.
    patient = client_of(os.environ["API_KEY"], retries=3)
    error = raises(openai.InternalServerError, "upstream_failed",
                   lambda: patient.images.generate(model="gpt-image", prompt="a square [sim:image-failed]"))
    assert (error.status_code, retries_before(error)) == (502, "0")


@check
def mistakes_without_a_class_of_their_own_are_status_errors():
    error = raises(openai.APIStatusError, "method_not_allowed", lambda: client.patch("/models", cast_to=object))
    assert error.status_code == 405
    error = raises(openai.APIStatusError, "request_too_large",
                   lambda: client.webhooks.create(name="x" * 2**21, url="http://localhost/", event_types=[]))
    assert error.status_code == 413
    text = {"headers": {"content-type": "text/plain"}}
    error = raises(openai.APIStatusError, "unsupported_media_type",
                   lambda: client.post("/chat/completions", cast_to=object, content=b"a paper boat", options=text))
    assert error.status_code == 415


@check
def an_error_in_the_middle_of_a_stream_is_raised_with_its_code():
    stream = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "a boat [sim:violation]"}], stream=True
    )
    error = raises(openai.APIError, "content_policy_violation", lambda: list(stream))
    assert error.message


@check
def a_rate_that_is_used_up_is_told_with_the_time_until_there_is_more():
    limited = client_of(os.environ["LIMITED_API_KEY"])
    limited.models.list()
    error = raises(openai.RateLimitError, "rate_limit_exceeded", limited.models.list)
    assert 0 < int(error.response.headers["retry-after"]) <= 60
    assert error.response.headers["x-ratelimit-remaining-requests"] == "0"


@check
def a_limit_is_waited_out_and_a_spent_quota_is_not():
    # It may have one video that has not ended.
    narrow = client_of(os.environ["NARROW_API_KEY"], retries=8)
    first = narrow.videos.create(model=MODEL, prompt="the one that is open")
    answer = narrow.videos.with_raw_response.create(model=MODEL, prompt="the one that waits for it")
    assert answer.retries_taken > 0 and answer.parse().status == "queued"
    assert narrow.videos.retrieve(first.id).status == "completed"

    spent = client_of(os.environ["SPENT_API_KEY"], retries=8)
    error = raises(openai.RateLimitError, "insufficient_quota", lambda: spent.videos.create(model=MODEL, prompt="x"))
    assert error.response.headers["x-should-retry"] == "false" and retries_before(error) == "0"


@check
def a_timeout_and_a_lost_connection_have_their_classes():
    hasty = client.with_options(timeout=0.3)
    message = [{"role": "user", "content": "a boat that nobody waits for"}]
    raises(openai.APITimeoutError, None, lambda: hasty.chat.completions.create(model=MODEL, messages=message))

    lost = []

    class LossyWay(BaseHTTPRequestHandler):
        """To the gateway; the answers to the first two requests do not come through."""

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            address = os.environ["BASE_URL"] + self.path.removeprefix("/v1")
            with urllib.request.urlopen(urllib.request.Request(address, body, dict(self.headers.items()))) as answer:
                content = answer.read()
                self.close_connection = True
                if len(lost) < 2:
                    lost.append(content)
                    return
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    prompt = "a boat on a bad line"
    key = {"Idempotency-Key": "a bad line"}
    with served(LossyWay) as port:
        base_url = f"http://127.0.0.1:{port}/v1"
        one_try = client_of(os.environ["API_KEY"], base_url=base_url)
        raises(openai.APIConnectionError, None, lambda: one_try.videos.create(model=MODEL, prompt=prompt, extra_headers=key))
        many = client_of(os.environ["API_KEY"], retries=3, base_url=base_url)
        answer = many.videos.with_raw_response.create(model=MODEL, prompt=prompt, extra_headers=key)
    video = answer.parse()
    assert answer.retries_taken == 1 and [json.loads(each)["id"] for each in lost] == [video.id] * 2
    made = client.get("/generations?limit=100", cast_to=object)["data"]
    assert sum(generation["prompt"] == prompt for generation in made) == 1


@check
def retries_get_what_the_first_request_began():
    # Each try is given up before the video is there, and the next one waits for the same video.
    hasty = client_of(os.environ["API_KEY"], retries=8).with_options(timeout=1.0)
    prompt = "a boat that is asked for again and again"
    chat = hasty.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}])
    assert "<video src=" in chat.choices[0].message.content
    made = client.get("/generations?limit=100", cast_to=object)["data"]
    assert sum(generation["prompt"] == prompt for generation in made) == 1


@check
def a_video_is_made_polled_downloaded_and_deleted():
    video = client.videos.create_and_poll(model=MODEL, prompt="a lighthouse in the fog")
    assert (video.status, video.progress, video.seconds) == ("completed", 100, "10")
    assert video.error is None and video.completed_at >= video.created_at
    with tempfile.TemporaryDirectory() as folder:
        client.videos.download_content(video.id).write_to_file(file := Path(folder, "video.mp4"))
        assert file.read_bytes()[4:8] == b"ftyp"
    for variant, begin in (("thumbnail", b"RIFF"), ("spritesheet", b"\xff\xd8\xff")):
        if HAS_FFMPEG:
            assert client.videos.download_content(video.id, variant=variant).read().startswith(begin)
        else:
            raises(openai.NotFoundError, "variant_unavailable", lambda: client.videos.download_content(video.id, variant=variant))
    assert client.videos.delete(video.id).deleted
    raises(openai.NotFoundError, "not_found", lambda: client.videos.retrieve(video.id))


@check
def sora_2_takes_seconds_and_size():
    video = client.videos.create(model="sora-2", prompt="a snail", seconds="12", size="720x1280")
    assert video.seconds == "15" and int(video.size.split("x")[0]) < int(video.size.split("x")[1])


@check
def pages_of_videos_follow_each_other():
    made = [client.videos.create(model=MODEL, prompt=f"page {number}").id for number in range(5)]
    listed = [video.id for video in client.videos.list(limit=2)]
    assert [video for video in listed if video in made] == made[::-1]
    ascending = [video.id for video in client.videos.list(limit=3, order="asc")]
    assert ascending == listed[::-1]


@check
def references_come_as_a_file_an_address_and_a_file_id():
    with IMAGE.open("rb") as image:
        as_file = client.videos.create(model=MODEL, prompt="it moves", input_reference=image)
    address = "data:image/png;base64," + base64.b64encode(IMAGE.read_bytes()).decode()
    as_address = client.videos.create(model=MODEL, prompt="it moves again", extra_body={"input_reference": {"image_url": address}})
    uploaded = client.files.create(file=IMAGE, purpose="vision")
    as_id = client.videos.create(model=MODEL, prompt="and again", extra_body={"input_reference": {"file_id": uploaded.id}})
    for video in (as_file, as_address, as_id):
        assert client.videos.poll(video.id).status == "completed"


@check
def videos_are_remixed_and_extended_and_become_characters():
    video = client.videos.create_and_poll(model=MODEL, prompt="a fox in the snow")
    remix = client.videos.remix(video.id, prompt="at night")
    assert remix.remixed_from_video_id == video.id
    assert client.videos.poll(remix.id).status == "completed"
    # It cannot send objects in forms, unless they come as extra fields.
    longer = client.videos.extend(prompt="it runs away", seconds="8", video=openai.omit, extra_body={"video": {"id": video.id}})
    assert client.videos.poll(longer.id).status == "completed"
    with VIDEO.open("rb") as file:
        character = client.videos.create_character(name="Fox", video=file)
    assert client.videos.get_character(character.id).id == character.id
    raises(openai.BadRequestError, "not_supported_by_model",
           lambda: client.videos.edit(prompt="bluer", video=openai.omit, extra_body={"video": {"id": video.id}}))


@check
def images_are_made_edited_and_streamed():
    images = client.images.generate(model="gpt-image", prompt="a red square", n=2, response_format="b64_json")
    assert len(images.data) == 2
    assert all(base64.b64decode(image.b64_json)[:4] in (b"\x89PNG", b"RIFF") for image in images.data)
    linked = client.images.generate(model="gpt-image", prompt="a blue square", response_format="url")
    assert linked.data[0].url.startswith("http") and linked.created > 0
    edited = client.images.edit(model="gpt-image", image=IMAGE.read_bytes(), prompt="greener")
    assert len(edited.data) == 1
    events = list(client.images.generate(model="gpt-image", prompt="a ring", stream=True))
    assert events[-1].type == "image_generation.completed" and events[-1].b64_json
    events = list(client.images.edit(model="gpt-image", image=IMAGE.read_bytes(), prompt="bluer", stream=True))
    assert events[-1].type == "image_edit.completed"
    assert base64.b64decode(events[-1].b64_json)[:4] in (b"\x89PNG", b"RIFF") and events[-1].usage.total_tokens > 0
    failing = client.images.generate(model="gpt-image", prompt="a ring [sim:image-failed]", stream=True)
    raises(openai.APIError, "upstream_failed", lambda: list(failing))


@check
def files_are_kept_and_given_back():
    file = client.files.create(file=IMAGE, purpose="vision")
    assert (file.object, file.bytes, file.purpose) == ("file", IMAGE.stat().st_size, "vision")
    assert client.files.retrieve(file.id).filename == IMAGE.name
    processed = client.files.wait_for_processing(file.id, poll_interval=0.1, max_wait_seconds=30)
    assert (processed.id, processed.status) == (file.id, "processed")
    assert client.files.content(file.id).read() == IMAGE.read_bytes()
    assert file.id in [one.id for one in client.files.list(limit=1)]
    assert client.files.delete(file.id).deleted
    raises(openai.NotFoundError, "not_found", lambda: client.files.retrieve(file.id))


@check
def webhooks_are_managed_and_their_events_verified():
    received = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((body, dict(self.headers.items())))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    def wait_for_one():
        until = time.monotonic() + 30
        while not received and time.monotonic() < until:
            time.sleep(0.1)
        assert received, "nothing came"
        return received.pop(0)

    with served(Receiver, RECEIVER_PORT):
        url = f"http://127.0.0.1:{RECEIVER_PORT}/hook"
        endpoint = client.webhooks.create(name="mine", url=url, event_types=["video.completed"])
        assert endpoint.id in [one.id for one in client.webhooks.list()]
        assert "video.completed" in client.webhooks.event_types.list().data
        assert client.webhooks.update(endpoint.id, name="ours").name == "ours"
        read = client.webhooks.retrieve(endpoint.id)
        assert (read.id, read.name, read.url, read.event_types) == (endpoint.id, "ours", url, ["video.completed"])
        tested = client.webhooks.test(endpoint.id, event_type="video.completed")
        assert (tested.success, tested.status_code, tested.webhook_endpoint_id) == (True, 200, endpoint.id)
        body, headers = wait_for_one()
        client.webhooks.verify_signature(body, headers, secret=endpoint.signing_secret)
        secret = client.webhooks.rotate_secret(endpoint.id).signing_secret
        video = client.videos.create_and_poll(model=MODEL, prompt="a bell")
        body, headers = wait_for_one()
        client.webhooks.verify_signature(body, headers, secret=secret)
        event = client.webhooks.unwrap(body, headers, secret=secret)
        assert (event.type, event.data.id) == ("video.completed", video.id)
        for verify in (client.webhooks.verify_signature, client.webhooks.unwrap):
            for sent, known in ((body + b" ", secret), (body, endpoint.signing_secret)):
                try:
                    verify(sent, headers, secret=known)
                except openai.InvalidWebhookSignatureError:
                    continue
                raise AssertionError("a changed body or an old secret was taken")
        assert client.webhooks.delete(endpoint.id).deleted
        raises(openai.NotFoundError, "not_found", lambda: client.webhooks.retrieve(endpoint.id))


@check
def what_belongs_to_somebody_else_is_not_there():
    video = client.videos.create(model=MODEL, prompt="mine alone")
    other = client_of(os.environ["OTHER_API_KEY"])
    raises(openai.NotFoundError, "not_found", lambda: other.videos.retrieve(video.id))
    raises(openai.NotFoundError, "not_found", lambda: other.videos.delete(video.id))
    assert list(other.videos.list()) == []


for function in checks:
    try:
        function()
        problem = None
    except BaseException:
        problem = traceback.format_exc(limit=-3)
    print(json.dumps({"check": function.__name__, "problem": problem}), flush=True)
