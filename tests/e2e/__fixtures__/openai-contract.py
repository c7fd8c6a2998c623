"""The official python SDK, method by method, against a running stack. Prints one line of JSON for each check: its name, and what went wrong."""
import base64
import json
import os
import tempfile
import threading
import time
import traceback
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import openai

# Each call to videos warns that OpenAI itself has closed.
warnings.simplefilter("ignore", DeprecationWarning)

MODEL = "sora2-landscape-10s"
IMAGE = Path(os.environ["REFERENCE_IMAGE"])
VIDEO = Path(os.environ["REFERENCE_VIDEO"])
RECEIVER_PORT = int(os.environ["RECEIVER_PORT"])


def client_of(key: str, retries: int = 0) -> openai.OpenAI:
    return openai.OpenAI(base_url=os.environ["BASE_URL"], api_key=key, max_retries=retries)


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
        file = Path(folder, "video.mp4")
        client.videos.download_content(video.id).write_to_file(file)
        assert file.read_bytes()[4:8] == b"ftyp"
    try:
        assert client.videos.download_content(video.id, variant="thumbnail").read()[:4] == b"RIFF"
    except openai.NotFoundError as error:
        # Without ffmpeg there is none.
        assert error.code == "variant_unavailable"
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


@check
def files_are_kept_and_given_back():
    file = client.files.create(file=IMAGE, purpose="vision")
    assert (file.object, file.bytes, file.purpose) == ("file", IMAGE.stat().st_size, "vision")
    assert client.files.retrieve(file.id).filename == IMAGE.name
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

    server = HTTPServer(("127.0.0.1", RECEIVER_PORT), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{RECEIVER_PORT}/hook"
        endpoint = client.webhooks.create(name="mine", url=url, event_types=["video.completed"])
        assert endpoint.id in [one.id for one in client.webhooks.list()]
        assert "video.completed" in client.webhooks.event_types.list().data
        assert client.webhooks.update(endpoint.id, name="ours").name == "ours"
        secret = client.webhooks.rotate_secret(endpoint.id).signing_secret
        video = client.videos.create_and_poll(model=MODEL, prompt="a bell")
        until = time.monotonic() + 30
        while not received and time.monotonic() < until:
            time.sleep(0.1)
        body, headers = received[0]
        event = client.webhooks.unwrap(body, headers, secret=secret)
        assert (event.type, event.data.id) == ("video.completed", video.id)
        try:
            client.webhooks.unwrap(body + b" ", headers, secret=secret)
            raise AssertionError("a changed body was taken")
        except openai.InvalidWebhookSignatureError:
            pass
        assert client.webhooks.delete(endpoint.id).deleted
    finally:
        server.shutdown()


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
