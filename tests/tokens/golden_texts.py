# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of golden.txt and golden-vocabularies.txt."""

TEXTS = [
    # Words, contractions with every apostrophe and case, and the long s that folds to s.
    "Hello, world! It's 'tis, don't we're they've I'm she'll he'd WE'LL I'M DON'T You'Re o'clock x'ſ X'ſ 'Ve 'lL",
    "'s 's'S'ſ'ſs 'T't'Tt 'r 're'RE'r 'l 'll'LL'l it’s",
    "camelCase PascalCase HTTPServer XMLHttpRequest iPhone McDonald NASA's ABCdef abcDEF aB Ab A b ÀÉÎõü ß ẞ Ǆ ǅ ǆ",
    "ʰmodifier ʰM aʰB 文A A文 文Ab A文b 文AB 文A文A文 aªº ⁿ",
    "e\u0301 E\u0301 \u0301 \u0301A \u0301AB \u0301a A\u0301B a\u0301\u0302\u0303 1\u0301 !\u0301 \n\u0301",
    # Numbers of every kind, by threes.
    "1 12 123 1234 12345678901 3.14159 1,234,567 0x1F2A 2e-10 ½ ⅓ Ⅷ ² ٣٤٥٦ १२३४ 𝟗𝟘𝟙𝟚 12a34 a1b2 一二三",
    # White space, where every space decides.
    " ", "  ", "   a", "a   ", "a  b   c", "\t\ta", "a\t\t", " \t x", "\n", "\n\n\n", "a\nb", "a\n b", "a\n  b",
    "a \n", "a \n ", "a  \n  \n  ", "\r\n\r\nx", "a\r\n  \r\n b", "  \n\n  x", "x\n\n  ", "x\n \t", "\n !", " \n!",
    "a\u00a0b\u00a0\u00a0c", "a\u3000b\u3000", "a\u2028b\u2029c", "a\u0085b\u0085\u0085", "a\u180eb a\u200bb \ufeffa",
    "a\x0bb\x0c", "\x1c\x1d\x1e\x1f", "\u1680 \u2003\u2003x \u205f\u202f",
    # Signs.
    "...", "!!!???", "a!b", "a !b", " !", "//path/to\n/file", "x/\n/y", "'", "''", "\"quoted\"", "foo(bar, baz);\n\n}",
    "!abc !ABC !é !abcé .com #tag $x @me _under __init__ `code` ~tilde^ a-b--c", "€5 £6 ¥700 ±1 ×÷ ∑∫√ ← → ☃☃ ™®©",
    "if (x == 1)\n  {\n    return y[0] != '\\0';\n  }\n", "\tfor (i = 0; i < n; i++)\n\t\tsum += a[i];\n",
    # Scripts.
    "Où est l’œuvre ? Ça coûte 1,35 €. « Très bien ! » À bientôt, naïve façade, Noël, cœur.",
    "今天天气很好，我们去公园吧！１２３，二〇二三年。「讀懂」龥龦鿕㐀𠀀",
    "東京タワー・コーヒー、ひらがなとカタカナ。ヽヾゝゞ゛゜゙゚\u3040\u3097\u3098゠ヿㇰ",
    "Привет, мир! ЁЖИК ёжик", "안녕하세요 세상", "مرحبا بالعالم", "שָׁלוֹם עוֹלָם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "γειά σου ΚΌΣΜΕ",
    # Emoji, joined and flagged; code points of Unicode 15 and 16, unassigned and private ones, tags.
    "🌍🌎 👩‍👩‍👧‍👦 🇫🇷🇩🇪 👍🏽 ✌️ 1️⃣", "\U0001fae8 \U00031350 \u1c89\u1c8a \U00016d40 \U00011bc0 \ua7da \U0001e5d0",
    "\ue000\uf8ff \U000f0000 \U0010fffd \u0378 \U000e0041\U000e007f \ufffe \uffff \ufffd", "\x00", "a\x00b\x00\x00",
    "\x01\x02a\x03!\x04 \x05\n\x06\x07",
    # Special tokens are text.
    "<|endoftext|> <|fim_prefix|> <|endofprompt|> <|im_start|>", "<｜begin▁of▁sentence｜><｜User｜>hi<｜Assistant｜>",
    "",
]

# What is no UTF-8: each beginning of a sequence, too long forms, surrogates, past the last code point.
BYTES = [
    b"\xff", b"\x80", b"a\x80\x80b", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x82x", b"\xe2(\xa1", b"\xf0\x9f\x8c",
    b"\xf0\x9f\x8cz", b"\xf0\x9f", b"\xf0", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xe0\xa0\x80",
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xfe\xff", b"caf\xe9 na\xefve", b"\xe2\x82\xe2\x82\xac", b"\xe2\x80\xff\x80",
]
