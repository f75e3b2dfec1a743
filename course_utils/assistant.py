"""Lantern's support assistant: a small language model, and what one does with such a model.

The course ships three of them, equal but for the seed they were trained from
(:mod:`course_utils.train_assistant`). Set ``COURSE_MODEL`` to a folder with any other causal language model in
Hugging Face's format, and the same notebooks run on that one.

    >>> assistant = load_assistant()
    >>> assistant.complete(["choose: refund, login\\nticket: i forgot my password\\nqueue: "])
    ['login']
"""
from __future__ import annotations

import copy
import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SEEDS = (0, 1, 2)


def load_assistant(seed: int = 0) -> Assistant:
    """The shipped model that was trained from ``seed``, or the one in the folder ``COURSE_MODEL``.

    Raises FileNotFoundError, with what to do, when the model or the packages that run it are missing.
    """
    from . import data

    elsewhere = os.environ.get("COURSE_MODEL")
    folder = Path(elsewhere) if elsewhere else data.folder() / "assistant" / f"seed{seed}"
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"no language model in {folder}. " + (
            "COURSE_MODEL must name a folder with config.json, tokenizer and *.safetensors." if elsewhere else
            f"There are the seeds {', '.join(map(str, SEEDS))}; make one anew with: "
            f"python tools/train_assistant.py --seed {seed}"))
    try:
        import torch
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")      # in a notebook: that its progress bars would like ipywidgets
            import transformers
    except ImportError:
        raise FileNotFoundError("this notebook needs torch, transformers and peft: pip install -e '.[text]'") from None
    torch.set_num_threads(1)     # so small a model gains little from a second, and on a busy machine they wait for each other
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if not elsewhere:
        _verify(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, use_safetensors=True,
                                                              dtype="float32")
    return Assistant(model, tokenizer)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_checksums(home: Path) -> None:
    """Note the checksums of all models under ``home``."""
    sums = {file.relative_to(home).as_posix(): _digest(file) for name in ("model.safetensors", "tokenizer.json")
            for file in sorted(home.glob(f"seed*/{name}"))}
    (home / "checksums.json").write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")


def _verify(folder: Path) -> None:
    from .data import DatasetError

    try:
        sums = json.loads((folder.parent / "checksums.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DatasetError(f"{folder.parent / 'checksums.json'} is missing or damaged. Restore it with: "
                           f"git checkout -- datasets/assistant") from None
    for name in ("model.safetensors", "tokenizer.json"):
        if not (folder / name).is_file() or _digest(folder / name) != sums.get(f"{folder.name}/{name}"):
            raise DatasetError(f"{folder / name} is missing, damaged or was edited. Restore it with: "
                               f"git checkout -- datasets/assistant, or train it anew with: "
                               f"python tools/train_assistant.py --seed {folder.name.removeprefix('seed')}")


def _encodable(text: str) -> str:
    """The text with "?" for each half of a surrogate pair: undecodable bytes leave such, and no tokenizer takes them."""
    return text.encode("utf-8", "replace").decode()


class Assistant:
    """A causal language model with its tokenizer. No method changes its weights; ``tuned`` changes a copy's."""

    def __init__(self, model, tokenizer):
        self.model, self.tokenizer = model.eval(), tokenizer
        self.device = next(model.parameters()).device
        self.limit = model.config.max_position_embeddings
        newline = tokenizer("\n", add_special_tokens=False)["input_ids"][-1]
        self._stops = [i for i in {newline, tokenizer.eos_token_id} if i is not None]
        self._pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else self._stops[0]

    @property
    def parameters(self) -> int:
        """How many numbers the model consists of (tied ones counted once)."""
        return sum(p.numel() for p in self.model.parameters())

    def _prompts(self, prompts: Sequence[str], room: int) -> list[list[int]]:
        if isinstance(prompts, str):
            raise TypeError("prompts is a list of texts; put the one prompt into [ ]")
        texts = []
        for i, prompt in enumerate(prompts):
            if not isinstance(prompt, str):
                raise ValueError(f"prompt {i} is no text: {prompt!r:.80}")
            if not prompt.strip():
                raise ValueError(f"prompt {i} is empty")
            texts.append(_encodable(prompt).rstrip(" "))    # the answer brings its own space
        ids = self.tokenizer(texts)["input_ids"] if texts else []
        for i, row in enumerate(ids):
            if len(row) + room > self.limit:
                raise ValueError(f"prompt {i} has {len(row):,} tokens; with {room} for the answer that is more than the "
                                 f"{self.limit:,} this model takes. Shorten it")
        return ids

    def _answers(self, answers) -> list[list[int]]:
        texts = [_encodable(f" {a}") for a in answers]
        return self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []

    def complete(self, prompts: Sequence[str], longest: int = 48, temperature: float = 0.0, seed: int = 0,
                 batch: int = 20) -> list[str]:
        """One answer for each prompt, up to the end of its line or ``longest`` tokens.

        With ``temperature=0`` always the likeliest token; above, tokens are drawn, from ``seed``.
        Raises ValueError for a prompt that is empty or too long.
        """
        import torch

        rows, answers = self._prompts(prompts, longest), [""] * len(prompts)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        sampling = {"do_sample": False}
        if temperature:
            sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(seed)
            for start in range(0, len(order), batch):
                some = order[start:start + batch]
                width = len(rows[some[-1]])
                ids = torch.tensor([[self._pad] * (width - len(rows[i])) + rows[i] for i in some], device=self.device)
                mask = torch.tensor([[0] * (width - len(rows[i])) + [1] * len(rows[i]) for i in some], device=self.device)
                out = self.model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=longest,
                                          pad_token_id=self._pad, eos_token_id=self._stops, **sampling)
                for i, text in zip(some, self.tokenizer.batch_decode(out[:, width:], skip_special_tokens=True)):
                    answers[i] = text.split("\n")[0].strip()
        return answers

    def score(self, prompts: Sequence[str], candidates: Sequence[str], batch: int = 50) -> np.ndarray:
        """Log-likelihood of each candidate as the answer to each prompt, shape (prompts, candidates)."""
        pairs = [(p, c) for p in prompts for c in candidates]
        return -self.surprise(pairs, batch=batch).reshape(len(prompts), len(candidates))

    def surprise(self, pairs: Sequence[tuple[str, str]], batch: int = 50) -> np.ndarray:
        """Minus the log-likelihood, in nats, of each pair's answer given its prompt."""
        import torch

        rows, values = self._rows(pairs), np.zeros(len(pairs))
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
        with torch.inference_mode():
            for start in range(0, len(order), batch):
                some = order[start:start + batch]
                values[some] = self._loss([rows[i] for i in some]).sum(dim=1).cpu().numpy()
        return values

    def _rows(self, pairs):
        """Token ids, and where the answer starts, of each pair."""
        answers = self._answers([a for _, a in pairs])
        prompts = self._prompts([p for p, _ in pairs], 1 + max(map(len, answers), default=0))
        end = self.tokenizer.eos_token_id if self.tokenizer.eos_token_id is not None else self._stops[0]
        return [(p + a + [end], len(p)) for p, a in zip(prompts, answers)]

    def _loss(self, rows):
        """Cross-entropy of each answer token; 0 for tokens of the prompt and of the padding."""
        import torch
        import torch.nn.functional as F

        width, first = max(len(ids) for ids, _ in rows), min(n for _, n in rows)    # before first, no token counts
        ids = torch.tensor([ids + [self._pad] * (width - len(ids)) for ids, _ in rows], device=self.device)
        answer = torch.tensor([[n <= i < len(row) for i in range(first, width)] for row, n in rows], device=self.device)
        logits = self.model(input_ids=ids, logits_to_keep=width - first + 1).logits[:, :-1]
        loss = F.cross_entropy(logits.flatten(0, 1), ids[:, first:].flatten(), reduction="none")
        return loss.view(len(rows), -1) * answer

    def tuned(self, pairs: Sequence[tuple[str, str]], steps: int = 60, rate: float = 2e-3, batch: int = 16,
              replay: Sequence[tuple[str, str]] = (), rank: int | None = None, seed: int = 0) -> Assistant:
        """A fine-tuned copy: ``steps`` of AdamW on ``batch`` pairs each, learning rate ``rate`` with linear decay.

        A quarter of each batch comes from ``replay``, if given. With ``rank`` only LoRA matrices of that rank are
        trained (by peft, on all linear layers) and then merged; otherwise all weights are.
        """
        import torch

        new = Assistant(copy.deepcopy(self.model), self.tokenizer)
        if rank:
            import peft

            torch.manual_seed(seed)
            adapter = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
            adapter._register_custom_module({torch.nn.Linear: peft.tuners.lora.Linear})     # else peft stops at an old torchao
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)    # peft still uses a name that transformers will drop
                new.model = peft.get_peft_model(new.model, adapter)
        rng, old = np.random.default_rng(seed), len(replay) and batch // 4
        rows, kept = new._rows(pairs), new._rows(replay)
        weights = [p for p in new.model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.0)
        new.model.train()
        for step in range(steps):
            chosen = [rows[i] for i in rng.integers(len(rows), size=batch - old)]
            chosen += [kept[i] for i in rng.integers(len(kept), size=old)] if old else []
            for group in optimizer.param_groups:
                group["lr"] = rate * (1 - step / steps)
            loss = new._loss(chosen)
            (loss.sum() / (loss > 0).sum()).backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        new.model = (new.model.merge_and_unload() if rank else new.model).eval()
        return new
