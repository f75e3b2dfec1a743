"""Train the course's language model from nothing; ``python tools/train_assistant.py`` does it for the models shipped.

A Llama of about a million parameters learns the tasks of :mod:`course_utils.tickets` from examples that are
drawn as it goes, from a seed. The number of steps is fixed; a run that was interrupted goes on from its last
checkpoint. Nothing is downloaded, and the result is plain ``safetensors`` with its tokenizer.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from . import tickets

STEPS, BATCH, SAVE = 1600, 48, 200        # steps; examples a step; steps between checkpoints
BLOCK = 8                                 # steps whose examples are sorted by length together
MUON, ADAM, WARM_UP = 0.01, 2e-3, 50     # learning rates of the matrices and of the rest
COPY_STEPS = 80                           # the first steps, which only repeat lists of words
PROMPT_WEIGHT = 0.05                     # of a prompt's token in the loss, against 1 for an answer's
VOCABULARY, WIDTH, LAYERS, HEADS = 1600, 128, 4, 4
END, PAD = "<end>", "<pad>"
#: A word or a pair of digits takes the space before it along, so that it is one token, and the same one wherever it
#: stands: only so can a model of this size learn to copy it.
WORDS = r" ?\p{L}+| ?\d{1,2}|\n| ?[^\s\p{L}\d]+|\s"


def make_tokenizer():
    """The byte-level BPE tokenizer, trained on a sample of the corpus; any text whatever can be encoded."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    rng = np.random.default_rng(0)
    makers = [maker for maker, _ in tickets.TASKS.values()]
    corpus = [" ".join(makers[i % len(makers)](rng)) for i in range(20_000)]
    for word in (*tickets.NAMES, *tickets.CITIES, *tickets.PRODUCTS, *tickets.ALL_QUEUES):
        corpus += [f' {word}, "{word}"'] * 20
    corpus += [f"{i:02d} {i:02d} {i}" for i in range(100)] * 20
    corpus += [p.format(p=tickets.PRODUCTS[0]) for phrases in tickets.PHRASES.values() for p in phrases]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[PAD, END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, padding_side="left",
                                   clean_up_tokenization_spaces=False)


def new_model(seed: int, size: int):
    """A new Llama with ``size`` tokens: random weights, but for two attention heads.

    Left to itself a model of this size needs far more steps than these to find out how to copy. So the two heads of
    an *induction head* are laid down at the start: the first head of layer 0 looks one token back and notes what
    stands there, and the first head of layer 1 looks for the place behind an earlier occurrence of the present
    token, and copies what it finds. All weights, these included, are then trained.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=size, hidden_size=WIDTH, intermediate_size=3 * WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        max_position_embeddings=512, tie_word_embeddings=True, attention_bias=True, pad_token_id=0, eos_token_id=1,
        bos_token_id=None))
    head, half = WIDTH // HEADS, WIDTH // HEADS // 2
    angle = 10_000.0 ** (-torch.arange(half) / half)             # of the rotary positions, for a step of one token
    fast = 6.0 * (torch.arange(half) < 6)                        # the six fastest tell neighbours apart
    here, before, copied = torch.linalg.qr(torch.randn(WIDTH, WIDTH))[0].split(head, dim=1)[:3]
    back, match = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    with torch.no_grad():
        model.model.embed_tokens.weight.normal_(0, 0.1)
        for projection, bias in ((back.k_proj, (fast, 0 * fast)), (back.q_proj, (fast * angle.cos(), -fast * angle.sin()))):
            projection.weight[:head] = 0
            projection.bias[:head] = torch.cat(bias)
        back.v_proj.weight[:head], back.o_proj.weight[:, :head] = here.T, 0.1 * before
        match.q_proj.weight[:head], match.k_proj.weight[:head] = 1.6 * here.T, 1.6 * before.T
        match.v_proj.weight[:head], match.o_proj.weight[:, :head] = copied.T, 0.3 * copied
    return model


def block(tokenizer, seed: int, number: int):
    """The examples of ``BLOCK`` steps: token ids and loss weights, padded, in batches of similar length."""
    import torch

    rng = np.random.default_rng([seed, number])
    makers, weights = zip(*tickets.TASKS.values())
    chosen = rng.choice(len(makers), BLOCK * BATCH, p=np.array(weights) / sum(weights))
    copying = number * BLOCK < COPY_STEPS
    rows = sorted((encode(tokenizer, tickets.repeat(rng) if copying else makers[i](rng)) for i in chosen),
                  key=lambda row: len(row[0]))
    for i in rng.permutation(BLOCK):
        batch = rows[i * BATCH:(i + 1) * BATCH]
        width = max(len(ids) for ids, _ in batch)
        yield tuple(torch.tensor([values[part] + [fill] * (width - len(values[part])) for values in batch])
                    for part, fill in ((0, 0), (1, 0.0)))


def encode(tokenizer, parts) -> tuple[list[int], list[float]]:
    """Token ids of a conversation and the weight of each in the loss."""
    ids, weights = [], []
    texts = [f" {part}" if i % 2 else part for i, part in enumerate(parts)]
    for i, tokens in enumerate(tokenizer(texts, add_special_tokens=False)["input_ids"]):
        ids += tokens
        weights += [1.0 if i % 2 else PROMPT_WEIGHT] * len(tokens)
    return [*ids, 1], [*weights, 1.0]


def weighted_loss(model, ids, weight):
    """Mean cross-entropy of the tokens, each with its weight."""
    import torch.nn.functional as F

    logits = model(input_ids=ids).logits[:, :-1]
    loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    weight = weight[:, 1:].flatten()
    return (loss * weight).sum() / weight.sum()


def optimizers(model):
    """Muon for the hidden matrices, AdamW for embeddings and norms."""
    import torch

    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [torch.optim.Muon(matrices, lr=MUON, weight_decay=0.0), torch.optim.AdamW(others, lr=ADAM, weight_decay=0.0)]


def schedule(step: int, steps: int) -> float:
    """The learning rate's factor: a short warm-up, a plateau, a linear decay over the last 40 %."""
    return min((step + 1) / WARM_UP, 1.0, (steps - step) / (0.4 * steps))


def train(seed: int, steps: int = STEPS, folder: Path | None = None, report=lambda step, loss: None):
    """The trained model and its tokenizer. ``report`` hears of every step.

    With ``folder`` a checkpoint is kept there every ``SAVE`` steps; a run that finds one goes on from it.
    """
    if steps < BLOCK or steps % BLOCK:
        raise ValueError(f"steps must be a multiple of {BLOCK}, at least {BLOCK}; got {steps}")
    import torch
    from safetensors.torch import load_file, save_file

    tokenizer = make_tokenizer()
    model = new_model(seed, len(tokenizer))
    opts = optimizers(model)
    names = dict(model.named_parameters())
    start = 0
    saved = folder and folder / f"checkpoint-{seed}.safetensors"
    if saved and saved.exists():
        state = load_file(saved)
        start = int(state["step"])
        model.load_state_dict({n: state[f"model.{n}"] for n in names}, strict=False)
        for opt in opts:
            for group in opt.param_groups:
                for p in group["params"]:
                    name = next(n for n, q in names.items() if q is p)
                    prefix = f"optimizer.{name}."
                    opt.state[p] = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    model.train()
    step = start
    while step < steps:
        for ids, weight in block(tokenizer, seed, step // BLOCK):
            factor = schedule(step, steps)
            for opt, rate in zip(opts, (MUON, ADAM)):
                for group in opt.param_groups:
                    group["lr"] = rate * factor
            loss = weighted_loss(model, ids, weight)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for opt in opts:
                opt.step()
                opt.zero_grad(set_to_none=True)
            step += 1
            report(step, loss.item())
        if saved and step % SAVE == 0:
            state = {"step": torch.tensor(step)} | {f"model.{n}": p.detach().clone() for n, p in names.items()}
            for opt in opts:
                for n, p in names.items():
                    state |= {f"optimizer.{n}.{k}": torch.as_tensor(v) for k, v in opt.state.get(p, {}).items()}
            save_file(state, saved.with_suffix(".part"))
            saved.with_suffix(".part").replace(saved)
    model.eval()
    return model, tokenizer


# ---------------------------------------------------------------- what it can do, and what tuning does to it

def measure(assistant, task: str, held_out: bool, n: int = 400) -> float:
    """Share of ``n`` new prompts of a task that are answered to the letter."""
    rng = np.random.default_rng([4, held_out])
    pairs = [tickets.TASKS[task][0](rng, held_out)[:2] for _ in range(n)]
    return float(np.mean([a == right for a, (_, right) in zip(assistant.complete([p for p, _ in pairs]), pairs)]))


def save(model, tokenizer, folder: Path) -> None:
    """Write the model as bfloat16 ``safetensors``, with its tokenizer: plain ``from_pretrained`` loads it."""
    import torch

    newline = tokenizer("\n", add_special_tokens=False)["input_ids"][0]
    model.generation_config.eos_token_id = [1, newline]          # an answer is one line
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    config = folder / "tokenizer_config.json"                    # by the name that older versions of the library know too
    text = config.read_text(encoding="utf-8").replace("TokenizersBackend", "PreTrainedTokenizerFast")
    config.write_text(text, encoding="utf-8")
