"""Texts of the corpus: where they come from, and the phones of the CMU dictionary for each of them."""
import hashlib, os, random, re, subprocess, zlib

WORDNET = "/usr/share/wordnet"
AUSTEN = "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
# Share of each kind of text among the utterances of the native English voices.
SHARES = {"example": 0.36, "long": 0.24, "question": 0.10, "exclamation": 0.06, "quote": 0.06, "list": 0.05,
          "number": 0.08, "name": 0.05}
TEST_SHARE = 0.04  # of the texts
PAUSES = {",": ",", ";": ",", ":": ",", ".": ".", "?": "?", "!": "!"}
OLD_WORDS = re.compile(r"\b(thou|thee|thy|hath|doth|shew|shewn|shewed|chuse|chusing|surprize|stile|sopha|ancle)\b", re.I)

NOUNS = """apples bread butter candles carrots chairs cheese coffee cookies cups eggs envelopes flour flowers gloves
grapes hammers honey jackets keys lamps lemons letters maps matches milk mirrors mushrooms nails napkins needles
onions oranges paint paper pencils pepper pillows plates potatoes rice ropes salt scissors shoes soap spoons stamps
sugar tables tea tickets tomatoes towels umbrellas vegetables windows wool""".split()
PLACES = """London Boston Chicago Paris Dublin Oxford Denver Berlin Madrid Toronto Sydney Seattle Edinburgh Houston
Vienna Cambridge Portland Bristol Glasgow Manchester Philadelphia Atlanta Rome Athens Tokyo Canada Scotland""".split()
MONTHS = """January February March April May June July August September October November December""".split()
QUESTIONS = ["Where did you put the {noun}?", "Have you ever been to {place}?", "Do we need more {noun} for tomorrow?",
             "Could you bring me some {noun} and {noun2}, please?", "When does the train to {place} leave?",
             "Who told {first} about the {noun}?", "Why is {first} still in {place}?", "Is this the way to {place}?",
             "How long does it take to get from {place} to {place2}?", "Would you like {noun} or {noun2}?",
             "Did {first} really sell all the {noun}?", "Are you sure that {first} has the {noun}?",
             "What happened to the {noun} that {first} left here?", "May I borrow your {noun} until Monday?"]
EXCLAMATIONS = ["What a beautiful morning!", "Look at all those {noun}!", "Stop, {first}, the {noun} are falling!",
                "I can't believe that {first} went to {place}!", "Watch out for the {noun}!", "How wonderful to see you, {first}!",
                "We won, {first}, we really won!", "Please hurry, the train to {place} is leaving!", "Don't forget the {noun}!",
                "That was the best trip to {place} ever!", "Give me back my {noun}!"]
QUOTES = ['"I have never been to {place}," said {first}.', '{first} asked, "Where are the {noun}?"',
          '"Wait for me," {first} called, "I forgot the {noun}."', '"Do you like {noun}?" asked {first} {last}.',
          '{first} whispered, "They are coming back from {place} tonight."', '"Nobody buys {noun} any more," the old man said.',
          '"Take the {noun}," she said, "and leave the {noun2} to me."', '"Stop it!" cried {first}, and dropped the {noun}.']
LISTS = ["We bought {noun}, {noun2}, {noun3}, and {noun4}.", "First the {noun}, then the {noun2}, and last the {noun3}.",
         "{first}, {first2}, and {first3} went to {place}, {place2}, and {place3}.", "The box held {noun}, {noun2}, {noun3}, and a few old letters.",
         "Red, blue, green, and yellow {noun} lay on the floor.", "They sell {noun}, {noun2}, and {noun3}, but no {noun4}."]
NAMES = ["{first} {last} and {first2} {last2} live in {place}.", "This letter is for {first} {last}.",
         "Dr. {last} will see you now, {first}.", "Mrs. {last} moved from {place} to {place2} last spring.",
         "Have you met {first} {last} from {place}?", "{first} sat between Mr. {last} and {first2}.",
         "My name is {first} {last}, and this is my brother {first2}.", "{first} and {first2} {last} were married in {place}."]
NUMBERS = ["The meeting is on {month} {day}, {year}.", "{first} was born in {year}.", "It costs ${dollars}.{cents:02}, tax included.",
           "Call me at {hour}:{minute:02} tomorrow.", "There were {count} people in {place}.", "Only {percent}% of the {noun} were sold.",
           "The train leaves at {hour}:{minute:02} from track {day}.", "We drove {count} miles in {hour} hours.",
           "Chapter {day} begins on page {page}.", "The {ordinal} of {month} is a Monday.", "Room {page} is on the {ordinal} floor.",
           "In {year}, about {count} houses stood here.", "Please send {day} boxes of {noun} before {month} {day2}.",
           "The temperature fell to {day} degrees at {hour} p.m.", "Add {half} cups of {noun} and {day} spoons of {noun2}.",
           "Flight {page} to {place} is {minute} minutes late.", "He paid £{dollars} for {day} pounds of {noun}."]


def wordnet_examples():
    """All example sentences of WordNet."""
    for part in ("noun", "verb", "adj", "adv"):
        for line in open(f"{WORDNET}/data.{part}", encoding="latin-1"):
            for text in re.findall(r'"([^"]+)"', line.partition("|")[2]):
                yield text.strip().rstrip(".;,:").strip()


def austen_sentences(folder):
    """Sentences of Jane Austen's novels, from the lazy-load database of the R package in `folder`."""
    data, at, lines = open(os.path.join(folder, AUSTEN), "rb").read(), 0, []
    while at < len(data):
        block = zlib.decompressobj()
        novel = block.decompress(data[at + 4:])
        at = len(data) - len(block.unused_data)
        # A string of R's serialisation: flags, four bytes of length, then the characters.
        for found in re.finditer(rb"\x00\x04\x00\x09(....)", novel, re.S):
            length = int.from_bytes(found.group(1), "big", signed=True)
            lines.append(novel[found.end():found.end() + max(0, length)].decode("utf-8", "replace"))
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines))
    for paragraph in paragraphs:
        paragraph = " ".join(paragraph.replace("--", ", ").replace("_", "").split())
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])|(?<=[.!?]\")\s+", paragraph):
            if not OLD_WORDS.search(sentence) and not re.search(r"\b(Mr|Mrs|Dr|St)\.$", sentence):
                yield sentence


class Texts:
    """Texts by kind, each only of words that the dictionary has; split into training and test by their hash."""

    def __init__(self, dictionary, austen, normalizer, earlier=()):
        self.dictionary = dictionary
        self.normalizer = normalizer
        # Splits of the texts of an earlier corpus, which stay as they are.
        self.earlier = dict(earlier)
        self.kinds = {kind: [] for kind in SHARES}
        found = {t[0].upper() + t[1:] for t in wordnet_examples() if t}
        for text in sorted(found):
            self._add(text if text[-1] in "?!" else text + ".")
        if austen:
            for text in sorted(set(austen_sentences(austen))):
                if text[:1].isupper() or text[:1] == '"':
                    self._add(text, prose=True)
        for kind, frames in (("question", QUESTIONS), ("exclamation", EXCLAMATIONS), ("quote", QUOTES), ("list", LISTS), ("name", NAMES)):
            self.kinds[kind] += self._filled(kind, frames, 1500 if kind in ("list", "name") else 600)
        if normalizer:
            written = self._filled("number", NUMBERS, 2500)
            said = subprocess.run([normalizer], input="\n".join(written), capture_output=True, text=True, check=True).stdout
            self.kinds["number"] = [t[0].upper() + t[1:] for t in said.splitlines() if t]
        for kind, texts in self.kinds.items():
            self.kinds[kind] = sorted({t for t in texts if self.phones(t)})
            random.Random(kind).shuffle(self.kinds[kind])

    def _add(self, text, prose=False):
        text = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("—", ", ")
        words, quoted = len(text.split()), '"' in text
        if not 4 <= words <= 25 or text.count('"') % 2 or not re.fullmatch(r"[A-Za-z',;:.?!\" -]+", text):
            return
        if quoted:
            self.kinds["quote"].append(text)
        elif text.endswith("?"):
            self.kinds["question"].append(text)
        elif text.endswith("!"):
            self.kinds["exclamation"].append(text)
        elif words >= 12:
            self.kinds["long"].append(text)
        elif not prose:
            self.kinds["example"].append(text)

    def _filled(self, kind, frames, count):
        import names
        folder, rng = os.path.dirname(names.__file__), random.Random(f"frames {kind}")
        listed = lambda file: [line.split()[0].capitalize() for line in open(os.path.join(folder, file))][:400]
        first, last = listed("dist.female.first") + listed("dist.male.first"), listed("dist.all.last")
        known = lambda words: [w for w in words if w.lower() in self.dictionary]
        first, last = known(first), known(last)
        out = []
        for _ in range(count):
            noun, place = rng.sample(NOUNS, 4), rng.sample(PLACES, 3)
            firsts, lasts = rng.sample(first, 3), rng.sample(last, 2)
            day = rng.randint(2, 28)
            ordinal = f"{day}{'th' if 10 <= day <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
            out.append(rng.choice(frames).format(
                noun=noun[0], noun2=noun[1], noun3=noun[2], noun4=noun[3], place=place[0], place2=place[1], place3=place[2],
                first=firsts[0], first2=firsts[1], first3=firsts[2], last=lasts[0], last2=lasts[1], month=rng.choice(MONTHS),
                day=day, day2=rng.randint(2, 28), ordinal=ordinal, year=rng.randint(1720, 2029), dollars=rng.randint(2, 90),
                cents=rng.randint(1, 99), hour=rng.randint(2, 11), minute=rng.randint(2, 59), page=rng.randint(101, 899),
                count=rng.choice([rng.randint(20, 999), rng.randint(1000, 9999), 1000 * rng.randint(10, 900)]),
                percent=rng.randint(2, 98), half=f"{rng.randint(1, 9)}.{rng.randint(1, 9)}"))
        return out

    def draw(self, rng):
        """A kind and a text of it; `None` where this kind has no texts yet."""
        kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
        place = rng.random()
        texts = self.kinds[kind]
        return (kind, texts[int(place * len(texts))]) if texts else None

    def split(self, text):
        """`test` or `train`, for ever the same for a text."""
        bare = text.rstrip(".")
        if bare in self.earlier:
            return self.earlier[bare]
        share = int.from_bytes(hashlib.sha256(bare.encode()).digest()[:4], "big") / 2**32
        return "test" if share < TEST_SHARE else "train"

    def phones(self, text):
        """Phones with `|` between words and a mark for every pause; `None` where a word is not in the dictionary."""
        text = re.sub(r"\b(Mr|Mrs|Dr)\.", r"\1", text).replace("-", " ")
        line = []
        for token in re.findall(r"[A-Za-z']+|[,;:.?!]", text):
            if token in PAUSES:
                if line and line[-1] == "|":
                    line[-1] = PAUSES[token]
                elif line and PAUSES[token] != ",":
                    line[-1] = PAUSES[token]
                continue
            word = token.lower().strip("'") if token.lower() not in self.dictionary else token.lower()
            if not word:
                continue
            if not self.dictionary.get(word):
                return None
            line += [*self.dictionary[word][0], "|"]
        while line and line[-1] in ("|", ","):
            line.pop()
        return line if line and line[-1] in (".", "?", "!") else line + ["."] if line else None
