//! Sums of money.

use super::cursor::{Cursor, Match, NUMBER, pattern};
use super::numbers::{cardinal_of_digits, is_one, number};
use super::units;

/// A currency: symbol, one, many, one hundredth, many hundredths (empty when there are none).
type Currency = (&'static str, &'static str, &'static str, &'static str, &'static str);

const CURRENCIES: &[Currency] = &[
    ("$", "dollar", "dollars", "cent", "cents"),
    ("£", "pound", "pounds", "penny", "pence"),
    ("€", "euro", "euros", "cent", "cents"),
    ("¥", "yen", "yen", "", ""),
    ("₹", "rupee", "rupees", "paisa", "paise"),
    ("₩", "won", "won", "", ""),
    ("₽", "ruble", "rubles", "kopek", "kopeks"),
    ("₺", "lira", "lira", "kurus", "kurus"),
    ("₴", "hryvnia", "hryvnia", "kopiyka", "kopiykas"),
    ("₦", "naira", "naira", "kobo", "kobo"),
    ("₫", "dong", "dong", "", ""),
    ("₱", "peso", "pesos", "centavo", "centavos"),
    ("₪", "shekel", "shekels", "agora", "agorot"),
    ("₡", "colon", "colones", "centimo", "centimos"),
    ("₵", "cedi", "cedis", "pesewa", "pesewas"),
    ("₸", "tenge", "tenge", "", ""),
    ("₾", "lari", "lari", "tetri", "tetri"),
    ("₼", "manat", "manat", "", ""),
    ("₮", "tugrik", "tugrik", "", ""),
    ("₲", "guarani", "guarani", "", ""),
    ("¢", "cent", "cents", "", ""),
    ("CHF", "swiss franc", "swiss francs", "rappen", "rappen"),
    ("R$", "real", "reais", "centavo", "centavos"),
    ("CNY", "yuan", "yuan", "", ""),
    ("SEK", "swedish krona", "swedish kronor", "", ""),
    ("NOK", "norwegian krone", "norwegian kroner", "", ""),
    ("DKK", "danish krone", "danish kroner", "", ""),
    ("kr", "krona", "kronor", "", ""),
    ("PLN", "zloty", "zlotys", "", ""),
    ("ZAR", "rand", "rand", "cent", "cents"),
];

/// The signs of [`CURRENCIES`] that stand before a sum.
const SIGNS: &str = "$£€¥₹₩₽₺₴₦₫₱₪₡₵₸₾₼₮₲";

/// The signs that stand behind a sum too; the dollar only where nothing follows.
const SIGNS_AFTER: &str = "£€¥₹¢₩₽₺₴₦₫₱₪₡₵₸₾₼₮₲";

/// Countries before a dollar sign.
const COUNTRIES: &[(&str, &str)] = &[
    ("US", "U S"),
    ("AU", "australian"),
    ("A", "australian"),
    ("CA", "canadian"),
    ("C", "canadian"),
    ("NZ", "new zealand"),
    ("HK", "hong kong"),
    ("S", "singapore"),
    ("JP", "japanese"),
    ("CN", "chinese"),
    ("MX", "mexican"),
    ("NT", "new taiwan"),
];

/// The codes of [`COUNTRIES`].
const COUNTRY: &str = "US|AU|A|CA|C|NZ|HK|S|JP|CN|MX|NT";

/// Codes and abbreviations before an amount, with the symbol of the currency and its country.
const CODES: &[(&str, &str, &str)] = &[
    ("Rs", "₹", ""),
    ("RS", "₹", ""),
    ("rs", "₹", ""),
    ("INR", "₹", ""),
    ("USD", "$", "U S "),
    ("EUR", "€", ""),
    ("GBP", "£", "british "),
    ("JPY", "¥", ""),
    ("CAD", "$", "canadian "),
    ("AUD", "$", "australian "),
    ("NZD", "$", "new zealand "),
    ("SGD", "$", "singapore "),
    ("HKD", "$", "hong kong "),
    ("CHF", "CHF", ""),
    ("R$", "R$", ""),
    ("BRL", "R$", ""),
    ("CNY", "CNY", ""),
    ("RMB", "CNY", ""),
    ("SEK", "SEK", ""),
    ("NOK", "NOK", ""),
    ("DKK", "DKK", ""),
    ("kr", "kr", ""),
    ("PLN", "PLN", ""),
    ("ZAR", "ZAR", ""),
];

const SCALE: &str = concat!(
    r"(?: ?(thousand|million|billion|trillion|[Ll]akhs?|[Cc]rores?|",
    r"[Kk]|[Mm]n|[Mm]il|[Mm]|[Bb]n|[Bb]|[Tt]n|[Tt])(?:\b|$))?"
);

/// Groups of an amount in the Indian order, or with spaces: `1,50,000`, `5 000`.
const LAKHS: &str = r"[0-9]{1,3}(?: [0-9]{3})+\b|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?";

pattern!(BEFORE, format!(r"({COUNTRY})?([{SIGNS}]) ?({LAKHS}|{NUMBER}){SCALE}"));
pattern!(NEGATIVE, format!(r"({COUNTRY})?([{SIGNS}]) ?-({LAKHS}|{NUMBER}){SCALE}"));
pattern!(SPAN, format!(r"({COUNTRY})?([{SIGNS}])({NUMBER})-[{SIGNS}]?({NUMBER}){SCALE}"));
pattern!(
    CODED,
    format!(
        r"(Rs\.?|[Rr][Ss]\.|INR|USD|EUR|GBP|JPY|CAD|AUD|NZD|SGD|HKD|CHF|R\$|BRL|CNY|RMB|SEK|NOK|DKK|kr\.?|PLN|ZAR) ?({LAKHS}|{NUMBER})(?:-({LAKHS}|{NUMBER}))?{SCALE}(?:/-)?"
    )
);
// British pence; videos have more lines than `99p`.
pattern!(PENCE, r"([0-9]{1,2})p\b");
pattern!(AFTER, format!(r"({NUMBER}) ?([{SIGNS_AFTER}]|[$]$|[$]\b)"));
// The decimal comma and the dots of thousands of the continent: `€1.234,50`, `5,50 €`.
pattern!(
    COMMA,
    r"€ ?([0-9]{1,3}(?:\.[0-9]{3})*),([0-9]{2})\b|([0-9]{1,3}(?:\.[0-9]{3})*),([0-9]{2}) ?€"
);

/// Verbalizes the sum at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    let found = span(cursor)
        .or_else(|| with_comma(cursor))
        .or_else(|| sum(cursor))
        .or_else(|| negative(cursor))
        .or_else(|| symbol_after(cursor))
        .or_else(|| pence(cursor))
        .or_else(|| coded(cursor))?;
    // `every $100 spent` is no attribute.
    let is_attribute = units::is_article(cursor.previous)
        && cursor.previous != "every"
        && units::is_attribute(cursor, found.length)
        && cursor.word_after(found.length) != "and";
    Some(if is_attribute { Match { said: singular(&found.said), ..found } } else { found })
}

/// Returns a sum as it stands before a noun: `a five dollar bill`. Pence stay.
fn singular(said: &str) -> String {
    let forms = CURRENCIES.iter().flat_map(|c| [(c.2, c.1), (c.4, c.3)]);
    let one = |word: &str| {
        let mut forms = forms.clone();
        let found = forms.find(|(many, _)| !many.is_empty() && *many == word && word != "pence");
        found.map_or(word, |(_, one)| one).to_owned()
    };
    said.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

/// Whether a text begins with a sum, its currency first.
pub(super) fn opens(text: &str) -> bool {
    BEFORE.is_match(text) || CODED.is_match(text)
}

/// Whether a character is a sign of a currency that stands before a sum.
pub(super) fn is_symbol(c: char) -> bool {
    SIGNS.contains(c)
}

/// Returns the names of a currency by its sign, in the singular and the plural.
pub(super) fn names(symbol: char) -> Option<[&'static str; 2]> {
    currency(symbol.encode_utf8(&mut [0; 4])).map(|currency| [currency.1, currency.2])
}

fn currency(symbol: &str) -> Option<&'static Currency> {
    CURRENCIES.iter().find(|c| c.0 == symbol)
}

fn country(code: Option<regex::Match<'_>>) -> String {
    let found =
        code.and_then(|code| COUNTRIES.iter().find(|(written, _)| *written == code.as_str()));
    found.map(|(_, said)| format!("{said} ")).unwrap_or_default()
}

fn scale(written: &str) -> &'static str {
    match written.to_ascii_lowercase().as_str() {
        "k" | "thousand" => " thousand",
        "m" | "mn" | "mil" | "million" => " million",
        "b" | "bn" | "billion" => " billion",
        "lakh" | "lakhs" => " lakh",
        "crore" | "crores" => " crore",
        _ => " trillion",
    }
}

/// `$5-10 million`: the currency is said once, at the end.
fn span(cursor: &Cursor<'_>) -> Option<Match> {
    let found = SPAN.captures(cursor.rest)?;
    let length = found[0].len();
    if !cursor.number_ends(length) {
        return None;
    }
    let (_, _, many, ..) = currency(&found[2])?;
    let scaled = found.get(5).map_or("", |s| scale(s.as_str()));
    let said = format!(
        "{} to {}{scaled} {}{many}",
        number(&found[3]),
        number(&found[4]),
        country(found.get(1))
    );
    Some(Match::quantity(length, said))
}

/// `€5,50`
fn with_comma(cursor: &Cursor<'_>) -> Option<Match> {
    let found = COMMA.captures(cursor.rest)?;
    let part = |before: usize, after: usize| found.get(before).or_else(|| found.get(after));
    let (whole, small) = (part(1, 3)?.as_str().replace('.', ""), part(2, 4)?.as_str());
    let length = found[0].len();
    let said = amount(&format!("{whole}.{small}"), currency("€")?, "");
    cursor.number_ends(length).then(|| Match::quantity(length, said))
}

fn sum(cursor: &Cursor<'_>) -> Option<Match> {
    scaled(cursor, &BEFORE.captures(cursor.rest)?)
}

/// Returns a sum whose parts are a country, a sign, an amount and a scale.
fn scaled(cursor: &Cursor<'_>, found: &regex::Captures<'_>) -> Option<Match> {
    let length = found[0].len();
    if !cursor.ends(length) {
        return None;
    }
    let currency = currency(&found[2])?;
    let country = country(found.get(1));
    let said = match found.get(4) {
        Some(scaled) => {
            format!("{}{} {country}{}", number(&found[3]), scale(scaled.as_str()), currency.2)
        }
        None => amount(&found[3], currency, &country),
    };
    Some(Match::quantity(length, said))
}

/// `Rs. 500`, `INR 5-10 lakh`
fn coded(cursor: &Cursor<'_>) -> Option<Match> {
    let found = CODED.captures(cursor.rest)?;
    let length = found[0].len();
    let code = found[1].trim_end_matches('.');
    let (_, symbol, country) = CODES.iter().find(|(written, ..)| *written == code)?;
    let currency = currency(symbol)?;
    let scaled = found.get(4).map_or("", |s| scale(s.as_str()));
    let said = match found.get(3) {
        None if scaled.is_empty() => amount(&found[2], currency, country),
        None => format!("{}{scaled} {country}{}", number(&found[2]), currency.2),
        Some(to) => {
            let (from, to) = (number(&found[2]), number(to.as_str()));
            format!("{from} to {to}{scaled} {country}{}", currency.2)
        }
    };
    cursor.ends(length).then(|| Match::quantity(length, said))
}

/// `$-5`, `$-3.2 million`
fn negative(cursor: &Cursor<'_>) -> Option<Match> {
    let found = NEGATIVE.captures(cursor.rest)?;
    let sum = scaled(cursor, &found)?;
    cursor.number_ends(sum.length).then(|| Match { said: format!("minus {}", sum.said), ..sum })
}

/// `50p`
fn pence(cursor: &Cursor<'_>) -> Option<Match> {
    let found = PENCE.captures(cursor.rest)?;
    let name = if is_one(&found[1]) { "penny" } else { "pence" };
    Some(Match::quantity(found[0].len(), format!("{} {name}", number(&found[1]))))
}

fn symbol_after(cursor: &Cursor<'_>) -> Option<Match> {
    let found = AFTER.captures(cursor.rest)?;
    let length = found[0].len();
    let said = amount(&found[1], currency(&found[2])?, "");
    cursor.ends(length).then(|| Match::quantity(length, said))
}

/// Returns an amount without scale: two decimals are hundredths.
fn amount(written: &str, currency: &Currency, country: &str) -> String {
    let (_, one, many, small_one, small_many) = currency;
    let (whole, small) = match written.split_once('.') {
        Some((whole, small)) if small.len() == 2 && !small_one.is_empty() => (whole, small),
        _ => {
            let name = if is_one(written) { one } else { many };
            return format!("{} {country}{name}", number(written));
        }
    };
    let small_name = if small == "01" { small_one } else { small_many };
    let large_name = if is_one(whole) { one } else { many };
    let is_zero = |digits: &str| digits.bytes().all(|b| b == b'0');
    match (is_zero(whole), is_zero(small)) {
        (true, false) => format!("{} {small_name}", cardinal_of_digits(small)),
        (_, true) => format!("{} {country}{large_name}", number(whole)),
        (false, false) => format!(
            "{} {country}{large_name} and {} {small_name}",
            number(whole),
            cardinal_of_digits(small)
        ),
    }
}
