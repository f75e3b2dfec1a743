"""How the language model is trained: on a tiny one, and on the shipped tokenizer and card."""
import runpy

import numpy as np
import pytest

from course_utils import data, tickets
from course_utils import train_assistant as training
from course_utils.workspace import root

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

STEPS = 24
COMMAND = runpy.run_path(str(root() / "tools" / "train_assistant.py"))


@pytest.fixture(scope="module")
def tokenizer():
    return training.make_tokenizer()


@pytest.fixture
def tiny(monkeypatch, tokenizer):
    """A model of 2 layers of 32, small batches, a checkpoint every 8 steps; the tokenizer is made once."""
    for name, value in {"BATCH": 2, "SAVE": 8, "COPY_STEPS": 8, "WIDTH": 32, "HEADS": 4, "LAYERS": 2, "WARM_UP": 5}.items():
        monkeypatch.setattr(training, name, value)
    monkeypatch.setattr(training, "make_tokenizer", lambda: tokenizer)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


class Interrupted(Exception):
    pass


# ---------------------------------------------------------------- training

def test_a_seed_decides_everything(tiny):
    losses = [], []
    first, second = (training.train(0, STEPS, report=lambda step, loss, to=to: to.append((step, loss)))[0] for to in losses)
    assert same(first, second) and losses[0] == losses[1] and not first.training
    assert [step for step, _ in losses[0]] == list(range(1, STEPS + 1)) and losses[0][-1][1] < losses[0][0][1]
    assert not same(first, training.train(1, STEPS)[0])


@pytest.mark.parametrize("at", [5, 12, 17])
def test_an_interrupted_run_ends_with_the_same_weights(tiny, tmp_path, at):
    def until(step, loss):
        if step == at:
            raise Interrupted

    whole = training.train(3, STEPS)[0]
    with pytest.raises(Interrupted):
        training.train(3, STEPS, tmp_path, until)
    done = (at - 1) // 8 * 8                         # the last checkpoint before the interruption
    assert [file.name for file in tmp_path.iterdir()] == (["checkpoint-3.safetensors"] if done else [])
    again = []
    resumed = training.train(3, STEPS, tmp_path, lambda step, loss: again.append(step))[0]
    assert again == list(range(done + 1, STEPS + 1))
    assert same(whole, resumed)
    assert same(whole, training.train(3, STEPS, tmp_path)[0])       # a finished run has nothing left to do


@pytest.mark.parametrize("steps", [-8, 0, 4, 12, 1601])
def test_steps_are_whole_blocks(steps):
    """Else the last block would go on after the schedule's end, with a negative learning rate."""
    with pytest.raises(ValueError, match="multiple of 8"):
        training.train(0, steps)
    assert training.STEPS % training.BLOCK == training.SAVE % training.BLOCK == training.COPY_STEPS % training.BLOCK == 0


def test_the_schedules_end_points():
    steps, factor = training.STEPS, training.schedule
    assert factor(0, steps) == 1 / training.WARM_UP and factor(training.WARM_UP - 1, steps) == 1
    assert factor(int(0.6 * steps), steps) == 1 > factor(int(0.6 * steps) + 1, steps)
    assert factor(int(0.8 * steps), steps) == pytest.approx(0.5)
    assert factor(steps - 1, steps) == pytest.approx(1 / (0.4 * steps)) and factor(steps, steps) == 0


def test_every_matrix_is_trained_by_exactly_one_optimizer(tiny, tokenizer):
    model = training.new_model(0, len(tokenizer))
    taken = [p for opt in training.optimizers(model) for group in opt.param_groups for p in group["params"]]
    assert len(taken) == len({id(p) for p in taken}) == len(list(model.parameters()))


# ---------------------------------------------------------------- examples

def test_answers_weigh_one_and_prompts_little(tokenizer):
    parts = tickets.queue_listed(np.random.default_rng(2))
    ids, weights = training.encode(tokenizer, parts)
    assert len(ids) == len(weights) and ids[-1] == tokenizer.eos_token_id == 1 and weights[-1] == 1
    answers = "".join(tokenizer.decode([i]) for i, w in zip(ids[:-1], weights) if w == 1)
    prompts = "".join(tokenizer.decode([i]) for i, w in zip(ids, weights) if w == training.PROMPT_WEIGHT)
    assert answers == "".join(f" {a}" for a in parts[1::2]) and prompts == "".join(parts[::2])
    assert set(weights) == {1.0, training.PROMPT_WEIGHT} and len(parts) > 2


def test_padding_weighs_nothing(tiny, tokenizer):
    batches = list(training.block(tokenizer, 0, 5))
    assert len(batches) == training.BLOCK
    for ids, weight in batches:
        assert ids.shape == weight.shape and len(ids) == training.BATCH
        assert ((weight == 0) == (ids == tokenizer.pad_token_id)).all()
    again = list(training.block(tokenizer, 0, 5))
    assert all(torch.equal(a, b) for one, two in zip(batches, again) for a, b in zip(one, two))


def test_the_first_blocks_only_repeat(tiny, tokenizer):
    def prompts(number):
        return [tokenizer.decode(row) for ids, _ in training.block(tokenizer, 0, number) for row in ids]

    assert all(text.replace("<pad>", "").startswith("notes: ") for text in prompts(0))
    assert any("ticket:" in text for text in prompts(1))


def test_loss_is_the_weighted_mean(tiny, tokenizer):
    model = training.new_model(0, len(tokenizer))
    ids, weight = next(training.block(tokenizer, 0, 3))
    with torch.no_grad():
        total, logs = 0.0, model(input_ids=ids).logits.double().log_softmax(-1)
        for row in range(len(ids)):
            for i in range(1, ids.shape[1]):
                total -= float(weight[row, i] * logs[row, i - 1, ids[row, i]])
        assert float(training.weighted_loss(model, ids, weight)) == pytest.approx(total / float(weight[:, 1:].sum()), rel=1e-4)


# ---------------------------------------------------------------- tokenizer

@pytest.mark.parametrize("text", ["where is my Nova ?", "a  b\n\n c\t\r\n", "Größe: 12,50 €", "أين طردي؟ ١٢٣",
                                  "返金してください",
                                  "🙂👩‍👩‍👧🏳️‍🌈",
                                  "a\u0301 \u200f\ufeff\x00\x7f", "1234567 007 12a",
                                  " leading and trailing ", "{\"a\": [1, 2]}"])
def test_any_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_random_unicode_comes_back(tokenizer):
    rng = np.random.default_rng(0)
    for _ in range(200):
        points = rng.integers(0x10FFFF, size=20)
        text = "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


@pytest.mark.parametrize("name", ["NAMES", "CITIES", "PRODUCTS", "ALL_QUEUES"])
def test_each_word_is_one_token(tokenizer, name):
    ids = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in getattr(tickets, name)]
    assert [row for row in ids if len(row) != 1] == [] and len({row[0] for row in ids}) == len(ids)


def test_the_shipped_tokenizers_are_this_one(tokenizer):
    from transformers import AutoTokenizer

    texts = [prompt for make, _ in tickets.TASKS.values() for prompt in make(np.random.default_rng(1))]
    wanted = tokenizer(texts)["input_ids"]
    for seed in COMMAND["measured"](data.folder() / "assistant"):
        shipped = AutoTokenizer.from_pretrained(data.folder() / "assistant" / f"seed{seed}")
        assert shipped(texts)["input_ids"] == wanted and shipped.get_vocab() == tokenizer.get_vocab()


# ---------------------------------------------------------------- the two heads laid down

@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_two_heads_look_where_they_should(tokenizer, seed):
    """The second is a start only: its embeddings are random, and it finds the place in about two draws of three."""
    model = training.new_model(seed, len(tokenizer)).eval()
    model.set_attn_implementation("eager")
    rng = np.random.default_rng(seed)
    ids = torch.from_numpy(np.array([rng.permutation(np.arange(2, len(tokenizer)))[:40] for _ in range(100)]))
    ids[:, 30] = ids[:, 11]                                      # said before, at 11: so 12 is to be looked at
    with torch.no_grad():
        attention = model(input_ids=ids, output_attentions=True).attentions
    assert float(attention[0][:, 0].diagonal(-1, 1, 2).min()) > 0.9
    behind = attention[1][:, 0, 30]
    assert float((behind.argmax(1) == 12).float().mean()) > 0.5 and float(behind[:, 12].mean()) > 0.4
    assert float(attention[1][:, 1:, 30, 12].max()) < 0.1        # no other head does


# ---------------------------------------------------------------- files

def test_a_saved_model_loads_by_any_name(tiny, tokenizer, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = training.train(0, 8)[0]
    training.save(model, tokenizer, tmp_path)
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".safetensors"}
    assert "TokenizersBackend" not in (tmp_path / "tokenizer_config.json").read_text()
    assert same(AutoModelForCausalLM.from_pretrained(tmp_path), model)
    assert AutoTokenizer.from_pretrained(tmp_path).get_vocab() == tokenizer.get_vocab()


def test_the_cards_table_is_what_was_measured():
    home = data.folder() / "assistant"
    text, rows = (home / "README.md").read_text(encoding="utf-8"), COMMAND["measured"](home)
    assert rows and COMMAND["card_with_table"](text, rows) == text
    shares = [share for row in rows.values() for both in row["accuracy"].values() for share in both.values()]
    assert len(shares) == 2 * len(tickets.TASKS) * len(rows) and all(0 <= share <= 1 for share in shares)
    assert all(row["steps"] == training.STEPS for row in rows.values())


@pytest.mark.parametrize("between", ["", "old\n", "| a |\n| b |\n"])
def test_a_table_replaces_whatever_stood_there(between):
    rows = COMMAND["measured"](data.folder() / "assistant")
    card = COMMAND["card_with_table"](f"one\n<!-- measured -->\n{between}<!-- /measured -->\ntwo", rows)
    assert card.startswith("one\n<!-- measured -->\n| task |") and card.endswith(" |\n<!-- /measured -->\ntwo")
    assert card.count("\n") == 4 + 3 + len(tickets.TASKS) - 1 and COMMAND["card_with_table"](card, rows) == card
