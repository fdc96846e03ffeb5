"""The marks by which `parts` tells what a clause of a description is about, in English and Chinese.

Written from general knowledge of such texts, as the table of observable clues is. All patterns but those of
the first section meet lower-case, half-width, simplified text (`vocabulary.plain`); quotations are empty.
"""

from __future__ import annotations

import re

from .schema import Modality

# ---- where a clause ends

CJK = "\u3400-\u9fff"
DOUBLE = '“”"„'  # texts of language models mix them up: each may open and each may close
OPEN = re.compile(rf"[{DOUBLE}「『]|(?<!\w)['‘](?=\w)")
CLOSE = {"「": re.compile("」"), "『": re.compile("』"), "'": re.compile(r"['’](?!\w)")}
CLOSE |= {"‘": CLOSE["'"], **{mark: re.compile(f"[{DOUBLE}]") for mark in DOUBLE}}
# The looks back: without them a run of a thousand dots or blanks would be read a thousand times.
SENTENCE = rf"(?<![.!?…])[.!?…]+[)\]*]*(?:\s+|(?=[A-Z{CJK}]))|[。！？；!?]+[)）]*\s*|\n\s*"
BREAK = re.compile(
    rf"(?P<sentence>{SENTENCE})"
    rf"|[,;:](?:\s+|(?=[{CJK}{DOUBLE}]))|[，：、]\s*"
    r"|(?<!\s)\s+(?=(?:and|while|but|with)\s+(?:his|her|their|he|she|they)\s|(?:and|while|but)\s+in\s+the\s)"
)
AFTER_QUOTE = re.compile(rf"\s*(?=[A-Z{CJK}\d])|\s*[，,.。；;：:]+\s*")
BLANK, ENDING = re.compile(r"\s*"), ",.!?…，。！？"  # the last character of what was said
SWALLOWED = re.compile(  # by a stray quotation mark
    r"[.。；]\s*(?:In the (?:video|audio|text|subtitle)|在(?:视频|画面|音频|文本|字幕)中)"
)

# ---- words in front

LINK = re.compile(
    r"(?:(?:and|but|while|then|also|meanwhile|however|moreover|furthermore|additionally|similarly|"
    r"at the same time|in addition|on the other hand|同时|与此同时|此外|另外|而且|而|但|并且|并|然而|不过|"
    r"其次|首先|最后)[,，]?\s*)+|[-*#\s\d.)]+"
)
LEAD = re.compile(  # a clause that says when, before the one that says what
    r"(?:as|when|while|at|over|during|after|before|later|then|initially|finally|towards?|throughout|to|since|"
    r"in the (?:beginning|middle|end|following|next|later|opening|final)|although|meanwhile|"
    r"随着|当|在|到|一开始|开始|之后|随后|接着|接下来|后来|最后|同时|虽然|尽管|期间)"
)

# ---- headings and names of the modalities

PICTURE = r"video|footage|picture|image|frame|scene|screen|visuals?"
SOUND = r"audio|sound ?track|sound|voice|speech"
WORDS = r"text|subtitles?|transcript|dialogue|lines?"
CLUES = r"(?: (?:clues?|modality|cues?|content|part|information|aspect|level))?"
LABEL = rf"{CLUES}[*]* ?:"  # "Visual clues:", in a text set with headings
ZH_IN = "(?:线索|内容|部分)?(?:中|里|上|来看|方面|:)"
HEADING: dict[Modality, re.Pattern[str]] = {
    "visual": re.compile(
        rf"(?:in|from|throughout) the (?:{PICTURE}){CLUES}\b|visual(?:ly\b|{LABEL})|video{LABEL}|"
        rf"the (?:video|visuals?){CLUES} (?:shows?|reveals?|depicts?)\b|"
        rf"[在从]?(?:视频|画面|影片|镜头|图像){ZH_IN}|视觉"
    ),
    "acoustic": re.compile(
        rf"(?:in|from|throughout) the (?:{SOUND}){CLUES}\b|(?:acoustic|audio|vocal)(?:ally\b|{LABEL})|"
        rf"the audio{CLUES} (?:reveals?|has|is|shows?|indicates?)\b|"
        rf"[在从]?(?:音频|语音|声音|听觉){ZH_IN}|听觉"
    ),
    "lexical": re.compile(
        rf"(?:in|from) the (?:{WORDS}){CLUES}\b|(?:lexical|text|textual|subtitle)(?:ly\b|{LABEL})|"
        rf"the (?:{WORDS}){CLUES}(?: in the (?:text|video))?(?: (?:says?|reads?|states?|shows?|is)\b|,? ?:)|"
        rf"[在从]?(?:文本|字幕|台词|文字|对白)(?:{ZH_IN}|(?:内容)?(?:为|是|显示|说))"
    ),
}
NAMED: dict[Modality, re.Pattern[str]] = {  # but not as a heading
    "visual": re.compile(rf"\b(?:{PICTURE}|facial|expressions?|gestures?)\b|视频|画面|视觉|表情"),
    "acoustic": re.compile(rf"\b(?:{SOUND}|acoustic|vocal|tone)\b|音频|声音|语音|语气|语调|听觉"),
    "lexical": re.compile(rf"\b(?:{WORDS}|sentence|words)\b|文本|字幕|台词|这句话"),
}

# ---- conclusions

THEREFORE = re.compile(
    r"(?:and |so )?(?:therefore|thus|hence|consequently|accordingly|in conclusion|in summary|to sum up|"
    r"to conclude|all in all|taken together|so it (?:is|can be)|so (?:we|one) can)\b|"
    r"(?:final |joint |overall )?(?:conclusion|inference|summary)[*]* ?:|"
    r"因此(?!我们主要)|所以|综上|总之|总的来说|由此|可见|结论|综合推断|推理依据"
)
FEELS = re.compile(
    r"(?:the|this|his|her|their) (?:\w+'s )?(?:overall )?(?:emotional state|emotions?|mood) "
    r"(?:is|can be|may be)\b|"
    f"(?:[{CJK}]{{0,6}}的)?(?:整体)?(?:情绪|情感|情感状态|情绪状态)(?:是|为|可能)"
)
OVERALL = re.compile(  # of everything, or of this part alone: that depends on what was told before
    r"based on|judging (?:from|by)|according to|(?:by )?combin|in combination|taking|taken|considering|given|"
    r"since the (?:audio|video|text)|together|integrating|overall|through|with (?:the|these|all)|"
    r"from (?:these|this|the above)|(?:all )?(?:these|the) (?:clues|cues|signs|observations)|"
    r"(?:it|this) can be (?:inferred|concluded|deduced)|we can (?:infer|conclude|deduce|speculate)|"
    r"根据|基于|结合|综合|整体|总体|通过|从|由于|这些线索|可以(?:推|看|判)|我们可以|推[测断]"
)

# ---- what a clause begins with: whose face, whose voice, which words

THEIR = r"(?:his|her|their|its|the|an?|some|both|\w+'s)"
ACTOR = r"(?:(?:he|she|they|(?:the|this) (?:\w+ ){1,3}?) ?)?(?:(?:also|even|then|is|was|are|has|had) )?"
GERUND = (
    r"(?:indicat|suggest|show|reflect|imply|reveal|seem|express|convey|display|appear|mak|emphasiz|demonstrat|"
    r"highlight|accompany|us|hav|leav|giv|creat|look|talk)ing"
)
COLOUR = r"(?:dark|blue|gr[ae]y|red|yellow|colou?r)"  # of a picture's tone
# "indicating that his tone ..." is about the clause before it, not about a voice
BEFORE = (
    rf"(?:with )?(?:{ACTOR}(?:with )?)(?:{THEIR} )?"
    rf"(?:(?!(?:\w+ly )?(?:as|which|that|to|who|because|if|when|{GERUND}) )(?!{COLOUR} )"
    r"[\w'-]+,? (?:and )?){0,2}"
)
FACE = (
    r"face|facial|expressions?|eyes?|eyelids?|eyebrows?|brows?|gaze|mouth|lips?|smile|head|hands?|arms?|fists?|"
    r"fingers?|body|posture|shoulders?|forehead|cheeks?|teeth|chin|tears|dimples|corners of"
)
LOOKS = (
    r"frown|smil|star[ei]|glar|gaz|nodd?|squint|blink|look(?:s|ed|ing)? (?:at|down|up|away)|furrow|wid|bow|"
    r"lower(?:s|ed)? (?:his|her)|shook|shak\w+ (?:his|her|their)"
)
VOICE = (
    r"voice|tone(?! of the (?:scene|picture|image|video))|intonation|pitch|volume|cadence|timbre|"
    r"(?:speaking|talking) (?:rate|speed|pace|tone|voice|style)|"
    r"speech (?:\w+ ){0,2}?(?:rate|speed|pace|tempo|is|was|becom\w+|became|sound\w*|slow\w*|fast\w*|"
    r"increas\w*)"
)
SPEAKS = (
    r"(?:speaks?|spoke|talks?|talked|said|says)\b.{0,20}?"
    r"(?:\w+ly|faster?|slow|loud|low|high|tone|pace|voice|hurry|haste)\b|sound(?:s|ed) |"
    r"(?:roar|shout|yell|scream|whisper|sob|stutter|stammer|sigh)(?:s|ed|ing|bed|bing)?\b"
)
ZH_WHO = (
    f"(?:[他她它]们?|(?!似乎|好像|可能|仿佛|[说表]明|显示)(?:这[位个名])?[{CJK}]{{0,4}}?"
    "(?:[男女]性?|人物|角色|女士|男士|男子|女子|女人|男人))?(?:的)?"
)
ZH_FACE = (
    "(?:双|微微|略微|紧|整体|面带|露出|轻轻|不停|不断|频繁)?(?:的)?"
    "(?:眼(?!前)|眉|皱眉|皱着眉|嘴|脸|面部|面容|面带|表情|目光|神情|神态|笑容|微笑|头部|头(?!上)|低头|摇头|"
    "点头|抬头|手|双手|身体|身子|肢体|瞪|盯|看向|眨|牙|额|泪|眯|斜眼|露出)"
)
ZH_VOICE = (
    "(?:整体)?(?:说话(?!时|的时候|的?过程|的?内容|间|的?同时|伴)|声音|语气|语调|语速|音量|音调|嗓音|声调|"
    "口吻|语音|言辞|言语|音色|怒吼|大声|大喊|大吼|带[着有]?(?:一丝)?哭腔|哭腔|哽咽|结巴|有些结巴|"
    "(?:长|时常|不断|连连)?叹[了口气息])"
)
SUBJECT: dict[Modality, re.Pattern[str]] = {  # in this order: "this sentence is an expression of ..."
    "lexical": re.compile(
        r"(?:this|the|these) (?:sentence|phrase|subtitle|words|wording|line|text)\b|"
        r"(?:his|her|their) (?:words|wording)\b|(?:这句话|这段话|这句台词|字幕|文本|台词|措辞)"
    ),
    "visual": re.compile(
        rf"{BEFORE}(?:{FACE})\b|{ACTOR}(?:slightly |deeply |tightly )?(?:{LOOKS})|{ZH_WHO}{ZH_FACE}"
    ),
    "acoustic": re.compile(
        rf"{BEFORE}(?:{VOICE})\b(?! (?:to|with|about) )|{ACTOR}(?:\w+ly )?(?:{SPEAKS})|{ZH_WHO}{ZH_VOICE}"
    ),
}
ABOUT: dict[Modality, re.Pattern[str]] = {  # anywhere in a clause outside all headings
    "visual": re.compile(rf"\b(?:{FACE})\b|眼|眉|嘴|脸|表情|目光|笑容"),
    "acoustic": NAMED["acoustic"],
}
QUOTING = re.compile(  # beside a quotation: its words are what the clause is about
    r"^\"\"|\b(?:phrase|words?|says?|said|saying|sentence|question\w*|asks?|asked|express\w*|thanks?|through|"
    r"used?|repeat\w*|seen from|address\w*|call(?:s|ed)|shouts?|mention\w*)\b|"
    "说|问|通过|表达|从|用|称|喊|提到|词"
)
QUIET = frozenset(  # clues that every part of a text may name
    {"change", "question", "exclamation", "address", "repetition", "quoted", "hands"}
)
