"""The papers behind this project, as BibTeX."""

from __future__ import annotations

PAPERS = (  # name, number at arXiv, key, year, title, authors
    (
        "EMER",
        "2306.15401",
        "lian2023explainable",
        2023,
        "Explainable Multimodal Emotion Reasoning",
        "Lian, Zheng and Sun, Licai and Xu, Mingyu and Sun, Haiyang and Xu, Ke and Wen, Zhuofan and Chen, "
        "Shun and Liu, Bin and Tao, Jianhua",
    ),
    (
        "AffectGPT",
        "2501.16566",
        "lian2025affectgpt",
        2025,
        "AffectGPT: A New Dataset, Model, and Benchmark for Emotion Understanding with Multimodal Large "
        "Language Models",
        "Lian, Zheng and Chen, Haoyu and Chen, Lan and Sun, Haiyang and Sun, Licai and Ren, Yong and Cheng, "
        "Zebang and Liu, Bin and Liu, Rui and Peng, Xiaojiang and Yi, Jiangyan and Tao, Jianhua",
    ),
    (
        "OV-MER",
        "2410.01495",
        "lian2024ovmer",
        2024,
        "OV-MER: Towards Open-Vocabulary Multimodal Emotion Recognition",
        "Lian, Zheng and Sun, Haiyang and Sun, Licai and Chen, Haoyu and Chen, Lan and Gu, Hao and Wen, "
        "Zhuofan and Chen, Shun and Zhang, Siyuan and Yao, Hailiang and Liu, Bin and Liu, Rui and Liang, "
        "Shan and Li, Ya and Yi, Jiangyan and Tao, Jianhua",
    ),
)
BIBTEX = """@article{{{key},
  title = {{{title}}},
  author = {{{authors}}},
  journal = {{arXiv preprint arXiv:{number}}},
  year = {{{year}}},
  url = {{https://arxiv.org/abs/{number}}}
}}"""
CITATIONS = tuple(  # (name, number at arXiv, BibTeX) of each
    (name, number, BIBTEX.format(key=key, title=title, authors=authors, number=number, year=year))
    for name, number, key, year, title, authors in PAPERS
)
