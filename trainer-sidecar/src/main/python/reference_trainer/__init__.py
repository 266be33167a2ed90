"""The reference trainer: small character-level language models that diverge, collapse or stay healthy on purpose.

The demo and the evaluation watch these runs. Everything here is plain PyTorch and the standard library.
"""
