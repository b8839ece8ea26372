"""The tokenizers of open_clip as a file of the `tokenizers` library, which needs neither PyTorch nor transformers."""

from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

# What open_clip's SimpleTokenizer takes for a word (the pattern of OpenAI's CLIP).
_WORD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_PUNCTUATION = r"[!-/:-@\[-`{-~]"  # string.punctuation


def tokenizer_file(tokenizer: Any) -> Tokenizer:
    """What gives the same tokens as open_clip's `tokenizer`, cut and filled to its length.

    Raises ValueError for one that is not made of a vocabulary of pairs (SimpleTokenizer) or of a fast tokenizer.
    """
    if hasattr(tokenizer, "bpe_ranks"):
        return _of_pairs(tokenizer)
    if hasattr(getattr(tokenizer, "tokenizer", None), "backend_tokenizer"):
        return _of_transformers(tokenizer)
    raise ValueError(f"{type(tokenizer).__name__} cannot be written as a file")


def _of_pairs(tokenizer: Any) -> Tokenizer:
    vocabulary = tokenizer.encoder
    start, end = tokenizer.decoder[tokenizer.sot_token_id], tokenizer.decoder[tokenizer.eot_token_id]
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=list(tokenizer.bpe_ranks), end_of_word_suffix="</w>"))
    made.normalizer = normalizers.Sequence(_cleaning(tokenizer))
    words = pre_tokenizers.Split(Regex(_WORD), behavior="removed", invert=True)
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, vocabulary[start]), (end, vocabulary[end])]
    )
    made.enable_truncation(tokenizer.context_length)
    made.enable_padding(length=tokenizer.context_length, pad_id=0, pad_token=tokenizer.decoder[0])
    return made


def _of_transformers(tokenizer: Any) -> Tokenizer:
    fast = tokenizer.tokenizer
    made = Tokenizer.from_str(fast.backend_tokenizer.to_str())
    own = [made.normalizer] if made.normalizer else []
    made.normalizer = normalizers.Sequence([*_cleaning(tokenizer), *own])
    made.enable_truncation(tokenizer.context_length, direction=fast.truncation_side)
    made.enable_padding(
        length=tokenizer.context_length,
        pad_id=fast.pad_token_id,
        pad_token=fast.pad_token,
        direction=fast.padding_side,
    )
    return made


def _cleaning(tokenizer: Any) -> list[Any]:
    """How the text is cleaned first. ftfy, which open_clip runs before, also mends wrongly decoded text; of what it
    does to ordinary text these are composed letters (NFC) and straight quotes.
    """
    steps = [
        normalizers.NFC(),
        normalizers.Replace(Regex("[\u2018\u2019\u201a\u201b]"), "'"),
        normalizers.Replace(Regex("[\u201c\u201d\u201e\u201f]"), '"'),
    ]
    way = tokenizer.clean_fn.__name__
    if way == "_clean_canonicalize":
        steps += [normalizers.Replace("_", " "), normalizers.Replace(Regex(_PUNCTUATION), "")]
    if way in ("_clean_canonicalize", "_clean_lower"):
        steps.append(normalizers.Lowercase())
    return [*steps, normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
