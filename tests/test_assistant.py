"""The shipped language models, and what one does with such a model."""
import hashlib
import json
import shutil
import socket

import numpy as np
import pytest

from course_utils import data
from course_utils.assistant import SEEDS, load_assistant
from course_utils.data import DatasetError
from course_utils.train_assistant import measure

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

HOME = data.folder() / "assistant"
SHIPPED = [seed for seed in SEEDS if (HOME / f"seed{seed}" / "measured.json").is_file()]
PROMPTS = ["choose: refund, login\nticket: i forgot my password\nqueue:",
           "notes: Nova 31, Halo 57, Lima 12\nanswer: Halo",
           "keys: city, order\nticket: this is Mei from Oslo , Nova , order 4821 : where is my Nova\njson:",
           "customer: Mei Oslo 4821 35\nother: Tom Riga 1234 98\nrefunds: yes\nticket: hello , please refund my Nova\nreply:"]
ANSWERS = ["login", "57", '{"city": "Oslo", "order": 4821}',
           '{"action": "refund", "order": 4821, "amount": 35, "text": "we refund 35 for order 4821"}']


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Whoever asks for an address on the network fails. Only the shipped models are meant, unless a test says otherwise."""
    def refused(*what, **how):
        raise AssertionError(f"something is to be fetched: {what}")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.delenv("COURSE_MODEL", raising=False)


@pytest.fixture(scope="module")
def assistant():
    return load_assistant()


def digest(one):
    return hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in one.model.parameters())).hexdigest()


# ---------------------------------------------------------------- files

def test_models_are_there_small_and_no_pickles():
    assert 0 in SHIPPED
    files = [file for file in HOME.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} <= {".json", ".md", ".safetensors"}
    for seed in SHIPPED:
        assert sum(file.stat().st_size for file in (HOME / f"seed{seed}").iterdir()) < 3e6
    for name, wanted in json.loads((HOME / "checksums.json").read_text()).items():
        assert hashlib.sha256((HOME / name).read_bytes()).hexdigest() == wanted


@pytest.mark.parametrize("seed", SHIPPED)
def test_a_plain_from_pretrained_gives_the_same_answers(seed):
    folder = HOME / f"seed{seed}"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    ours = load_assistant(seed).complete(PROMPTS)
    for prompt, answer in zip(PROMPTS, ours):
        asked = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
        out = model.generate(**asked, max_new_tokens=48, do_sample=False)[0, asked["input_ids"].shape[1]:]
        assert tokenizer.decode(out, skip_special_tokens=True).strip() == answer
    assert ours[:3] == ANSWERS[:3]


@pytest.mark.parametrize("seed", SHIPPED)
def test_what_the_card_says_was_measured_comes_out_again(seed):
    shipped, stored = load_assistant(seed), json.loads((HOME / f"seed{seed}" / "measured.json").read_text())
    assert stored["parameters"] == shipped.parameters
    for task in ("queue, coded", "extract"):
        for name in ("seen", "unseen"):
            again = measure(shipped, task, name == "unseen", 100)
            assert again == pytest.approx(stored["accuracy"][task][name], abs=0.06)


def test_a_model_from_elsewhere(tmp_path, monkeypatch, assistant):
    shutil.copytree(HOME / "seed0", tmp_path / "mine")
    monkeypatch.setenv("COURSE_MODEL", str(tmp_path / "mine"))
    assert load_assistant().complete(PROMPTS) == assistant.complete(PROMPTS)
    (tmp_path / "mine" / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="COURSE_MODEL must name a folder with config.json") as caught:
        load_assistant()
    assert str(tmp_path / "mine") in str(caught.value)


def test_a_seed_that_is_not_there():
    with pytest.raises(FileNotFoundError, match=r"seeds 0, 1, 2.*train_assistant.py --seed 7"):
        load_assistant(7)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_damaged_and_missing_files_name_the_command(tmp_path, monkeypatch, name):
    shutil.copytree(HOME, tmp_path / "assistant")
    monkeypatch.setattr(data, "folder", lambda: tmp_path)
    load_assistant()
    file = tmp_path / "assistant" / "seed0" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    for broken in (bytes(content), b"", None):
        if broken is None:
            file.unlink()
        else:
            file.write_bytes(broken)
        with pytest.raises(DatasetError, match=r"git checkout.*python tools/train_assistant\.py --seed 0"):
            load_assistant()


@pytest.mark.parametrize("content", [None, "", "{"])
def test_damaged_checksums_name_the_command(tmp_path, monkeypatch, content):
    shutil.copytree(HOME, tmp_path / "assistant")
    monkeypatch.setattr(data, "folder", lambda: tmp_path)
    file = tmp_path / "assistant" / "checksums.json"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(DatasetError, match="checksums.json.*git checkout"):
        load_assistant()


# ---------------------------------------------------------------- complete

def test_answers(assistant):
    assert assistant.complete(PROMPTS) == ANSWERS
    assert assistant.complete([p + " " for p in PROMPTS]) == ANSWERS          # a space at the end changes nothing
    assert assistant.complete([]) == []


def test_what_is_no_list_of_prompts(assistant):
    with pytest.raises(TypeError, match=r"\[ \]"):
        assistant.complete(PROMPTS[0])
    for prompt in ("", " \n"):
        with pytest.raises(ValueError, match="prompt 1 is empty"):
            assistant.complete([PROMPTS[0], prompt])
    for prompt in (None, 7, b"ticket"):
        with pytest.raises(ValueError, match="prompt 0 is no text"):
            assistant.complete([prompt])


def test_a_prompt_that_is_too_long_names_the_limit(assistant):
    with pytest.raises(ValueError, match=r"prompt 1 has .* tokens.*512"):
        assistant.complete([PROMPTS[0], "please refund my Nova " * 50_000])
    fits = " 12" * (512 - 48 - len(assistant.tokenizer(" 12")["input_ids"]) + 1)
    assert isinstance(assistant.complete([fits])[0], str)
    with pytest.raises(ValueError, match="Shorten"):
        assistant.complete([fits + " 12"])


@pytest.mark.parametrize("text", ["верните деньги", "أين طردي", "返金してください", "🙂🙃👩‍👩‍👧", "\udcff",
                                  "\x00\x07", "<end>", "<pad>", "a\u0301"])
def test_any_text_gets_some_answer(assistant, text):
    answers = assistant.complete([text, f"ticket: {text}\nqueue:"])
    assert all(isinstance(answer, str) and "\n" not in answer for answer in answers)
    assert assistant.surprise([(text, text), (PROMPTS[0], text)]).shape == (2,)


def test_neither_order_nor_batch_changes_an_answer(assistant):
    prompts = [p.replace("Nova", product) for product in ("Nova", "Halo", "Iris", "Juno", "Delta") for p in PROMPTS]
    wanted = assistant.complete(prompts)
    mixed = np.random.default_rng(0).permutation(len(prompts))
    assert assistant.complete([prompts[i] for i in mixed]) == [wanted[i] for i in mixed]
    assert assistant.complete(prompts, batch=7) == assistant.complete(prompts, batch=1) == wanted


def test_an_answer_has_at_most_so_many_tokens(assistant):
    short, = assistant.complete(PROMPTS[3:], longest=5)
    assert ANSWERS[3].startswith(short) and 0 < len(short) < len(ANSWERS[3])


def test_temperature_draws_from_a_seed_and_leaves_torchs_own_alone(assistant):
    bare = [PROMPTS[0].split("\n", 1)[1]] * 20                # which of four names is wanted, it does not say
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = assistant.complete(bare, temperature=1.0, seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first == assistant.complete(bare, temperature=1.0, seed=1) and len(set(first)) > 1
    assert first != assistant.complete(bare, temperature=1.0, seed=2)
    assert assistant.complete(bare, seed=1) == assistant.complete(bare, seed=2)


# ---------------------------------------------------------------- score and surprise

def test_score_is_the_log_likelihood(assistant):
    words = ["login", "refund", "where is my Nova"]
    scores = assistant.score(PROMPTS, words)
    assert scores.shape == (4, 3) and scores[0].argmax() == 0
    one = assistant.surprise([(p, w) for p in PROMPTS for w in words], batch=5)
    np.testing.assert_allclose(scores, -one.reshape(4, 3), atol=1e-3)
    asked = assistant.tokenizer(PROMPTS[1], add_special_tokens=False)["input_ids"]
    answer = assistant.tokenizer(" where is my Nova<end>", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = assistant.model(input_ids=torch.tensor([asked + answer])).logits[0].double()
    by_hand = sum(float(logits[len(asked) + i - 1].log_softmax(0)[token]) for i, token in enumerate(answer))
    assert scores[1, 2] == pytest.approx(by_hand, abs=1e-3)


def test_nothing_to_score(assistant):
    assert assistant.score([], ["a"]).shape == (0, 1) and assistant.score(PROMPTS, []).shape == (4, 0)
    assert assistant.surprise([]).shape == (0,)


# ---------------------------------------------------------------- tuned

PAIRS = [(f"ticket: where is my {product}\nstamp:", "Kyoto Kyoto") for product in ("Nova", "Halo", "Iris", "Juno")]


@pytest.mark.parametrize("rank, rate", [(None, 2e-3), (8, 1e-2)])
def test_tuning_changes_the_copy_only(assistant, rank, rate):
    before = digest(assistant)
    tuned = assistant.tuned(PAIRS, steps=12, rate=rate, batch=8, rank=rank)
    assert digest(assistant) == before != digest(tuned) and assistant.complete(PROMPTS) == ANSWERS
    assert tuned.complete([p for p, _ in PAIRS] + ["ticket: i forgot my password\nstamp:"]) == ["Kyoto Kyoto"] * 5
    assert tuned.parameters == assistant.parameters                     # LoRA's matrices have been merged
    assert type(tuned.model) is type(assistant.model) and not tuned.model.training
    assert digest(assistant.tuned(PAIRS, steps=12, rate=rate, batch=8, rank=rank)) == digest(tuned)
    assert digest(assistant.tuned(PAIRS, steps=12, rate=rate, batch=8, rank=rank, seed=1)) != digest(tuned)


@pytest.mark.parametrize("rank", [1, 4])
def test_lora_trains_rank_times_in_plus_out(assistant, monkeypatch, rank):
    counted = []
    get = peft.get_peft_model
    monkeypatch.setattr(peft, "get_peft_model", lambda *a: counted.append(get(*a)) or counted[-1])
    sizes = [(m.in_features, m.out_features) for name, m in assistant.model.named_modules()
             if isinstance(m, torch.nn.Linear) and name != "lm_head"]
    before = {n: p.clone() for n, p in assistant.model.named_parameters()}
    count = []
    step = torch.optim.AdamW.__init__

    def noting(self, weights, *a, **k):
        weights = list(weights)
        count.append((sum(p.numel() for p in weights), counted[0].get_nb_trainable_parameters()[0]))
        step(self, weights, *a, **k)

    monkeypatch.setattr(torch.optim.AdamW, "__init__", noting)
    tuned = assistant.tuned(PAIRS, steps=2, batch=4, rank=rank)
    wanted = rank * sum(i + o for i, o in sizes)
    assert count == [(wanted, wanted)] and len(sizes) == 7 * 4
    moved = {n for n, p in tuned.model.named_parameters() if not torch.equal(p, before[n])}
    assert moved and all(n.endswith("proj.weight") for n in moved)


def test_replay_takes_a_quarter_of_each_batch(assistant):
    old = [(PROMPTS[0], "login")]
    batches = []
    tuned = assistant.tuned(PAIRS, steps=1, batch=8, replay=old)
    assert digest(tuned) != digest(assistant.tuned(PAIRS, steps=1, batch=8))
    loss = type(assistant)._loss
    try:
        type(assistant)._loss = lambda self, rows: batches.append(rows) or loss(self, rows)
        assistant.tuned(PAIRS, steps=3, batch=8, replay=old)
    finally:
        type(assistant)._loss = loss
    kept, = assistant._rows(old)
    assert [sum(row == kept for row in rows) for rows in batches] == [2, 2, 2] and {len(rows) for rows in batches} == {8}
