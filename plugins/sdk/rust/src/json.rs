//! JSON text (RFC 8259) to values. Nothing panics, whatever the text.

/// Lists and objects inside each other; deeper ones are refused.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    /// each key once, in the order of the text
    Object(Vec<(String, Json)>),
}

impl Json {
    /// None: the text is not JSON.
    pub fn parse(text: &[u8]) -> Option<Json> {
        let text = core::str::from_utf8(text).ok()?;
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0)?;
        parser.space();
        if parser.at == text.len() {
            Some(value)
        } else {
            None
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// Goes past a byte if it is the next one.
    fn take(&mut self, byte: u8) -> bool {
        let is = self.byte() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn need(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        if !self.text[self.at..].starts_with(word) {
            return None;
        }
        self.at += word.len();
        Some(value)
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.space();
        match self.byte()? {
            b'{' if depth < MAX_DEPTH => self.object(depth),
            b'[' if depth < MAX_DEPTH => self.list(depth),
            b'"' => self.string().map(Json::Text),
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Some(Json::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.need(b':')?;
            let value = self.value(depth + 1)?;
            // a key that comes twice: the last one holds
            match members.iter_mut().find(|(known, _)| *known == key) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
            self.space();
            if self.take(b'}') {
                return Some(Json::Object(members));
            }
            self.need(b',')?;
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Some(Json::List(items));
            }
            self.need(b',')?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.need(b'"')?;
        let mut units: Vec<u16> = Vec::new();
        loop {
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(String::from_utf16_lossy(&units)),
                '\\' => units.push(self.escaped()?),
                '\u{0}'..='\u{1f}' => return None,
                c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
    }

    /// The UTF-16 unit that an escape stands for.
    fn escaped(&mut self) -> Option<u16> {
        let byte = self.byte()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => u16::from(byte),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                self.at += 4;
                u16::from_str_radix(digits, 16).ok()?
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        self.take(b'-');
        // no digits may follow a leading zero
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'-') {
                self.take(b'+');
            }
            self.digits()?;
        }
        self.text[start..self.at].parse().ok().map(Json::Number)
    }

    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn reads_values() {
        let text = br#" {"a": [1, -2.5e1, true, null], "b": "x\u00e9\n\ud83d\ude00", "a": {}} "#;
        let expected = Json::Object(vec![
            ("a".into(), Json::Object(vec![])),
            ("b".into(), Json::Text("x\u{e9}\n\u{1f600}".into())),
        ]);
        assert_eq!(Json::parse(text), Some(expected));
        assert_eq!(Json::parse(b"-0.1e2"), Some(Json::Number(-10.0)));
    }

    #[test]
    fn refuses_what_is_not_json() {
        let texts: [&[u8]; 18] = [
            b"", b"{", b"[1,]", b"{\"a\"}", b"{a:1}", b"01", b"1.", b".5", b"1e", b"+1", b"nul", b"\"\\x\"", b"\"\\u12",
            b"\"\n\"", b"[] []", b"\xff", b"\"\\u+123\"", b"NaN",
        ];
        for text in texts {
            assert_eq!(Json::parse(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn refuses_what_is_too_deep() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(Json::parse(&nested(64)).is_some());
        assert_eq!(Json::parse(&nested(65)), None);
        assert_eq!(Json::parse(&vec![b'['; 1_000_000]), None);
    }
}
