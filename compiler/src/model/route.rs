//! Routes: which requests of HTTP ask for which action on which resource.

use std::fmt;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use super::statement::Origin;

/// A segment of a route's path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// These bytes, in normal form; empty behind a slash at the end of the path.
    Literal(Box<str>),
    /// `{name}`: any segment that is not empty.
    One(Box<str>),
    /// `{name*}`, which is the last: the rest of the path, whose first segment is not empty.
    Rest(Box<str>),
}

/// A piece of a route's resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Piece {
    /// These characters.
    Literal(Box<str>),
    /// What the segment of this number captured, from 0: a segment, or the rest of the path.
    Capture(u32),
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The methods, sorted and each once; none for all.
    pub methods: Vec<Box<str>>,
    /// The path, at least one segment.
    pub path: Vec<Segment>,
    /// The action.
    pub action: Box<str>,
    /// The resource, at least one piece.
    pub resource: Vec<Piece>,
    /// Where it was declared; of a route that was read from a bundle, nowhere.
    pub origin: Origin,
}

impl Route {
    /// Methods and path, as people read them: `GET /reports/{id}`.
    #[must_use]
    pub fn pattern(&self) -> String {
        let methods = match self.methods.as_slice() {
            [] => "*".to_owned(),
            [only] => only.to_string(),
            several => format!("[{}]", several.join(", ")),
        };
        let segments = self.path.iter().map(|segment| match segment {
            Segment::Literal(text) => text.to_string(),
            Segment::One(name) => format!("{{{name}}}"),
            Segment::Rest(name) => format!("{{{name}*}}"),
        });
        format!("{methods} /{}", segments.collect::<Vec<_>>().join("/"))
    }

    /// Methods and path without the names of captures: equal for routes that match the same requests.
    #[must_use]
    pub fn shape(&self) -> String {
        let nameless = |segment: &Segment| match segment {
            Segment::Literal(text) => Segment::Literal(text.clone()),
            Segment::One(_) => Segment::One("".into()),
            Segment::Rest(_) => Segment::Rest("".into()),
        };
        Self { path: self.path.iter().map(nameless).collect(), ..self.clone() }.pattern()
    }

    /// The resource, as people read it: `arn:acme:reports:::{id}`.
    #[must_use]
    pub fn template(&self) -> String {
        let pieces = self.resource.iter().map(|piece| match piece {
            Piece::Literal(text) => text.to_string(),
            Piece::Capture(segment) => match self.path.get(*segment as usize) {
                Some(Segment::One(name) | Segment::Rest(name)) => format!("{{{name}}}"),
                Some(Segment::Literal(_)) | None => String::new(),
            },
        });
        pieces.collect()
    }
}

/// The route as one line of the language.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "route {} => {} on {}", self.pattern(), self.action, self.template())
    }
}

/// The routes of a model. They stand in hot sections of a bundle, so that its cold model holds nothing of them, and is the one of version 1 of
/// the format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(pub Vec<Route>);

impl Encode for Routes {
    fn encode<E: Encoder>(&self, _: &mut E) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl<C> Decode<C> for Routes {
    fn decode<D: Decoder<Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}

impl<'de, C> BorrowDecode<'de, C> for Routes {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}
