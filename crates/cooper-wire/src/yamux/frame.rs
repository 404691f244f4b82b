//! Frames: twelve bytes, and behind those of data the data.

use std::ops::BitOr;

/// What a frame says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// So many bytes follow.
    Data,
    /// So much more may be sent.
    WindowUpdate,
    /// Are you there? Yes.
    Ping,
    /// No more streams are wanted.
    GoAway,
}

/// What else a frame says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Flags(pub u16);

impl Flags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The stream begins; a ping asks.
    pub const SYN: Self = Self(1);
    /// The stream is taken; a ping answers.
    pub const ACK: Self = Self(2);
    /// Nothing more will be sent on the stream.
    pub const FIN: Self = Self(4);
    /// The stream is broken off.
    pub const RST: Self = Self(8);

    /// Whether all of these are there.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The twelve bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// What it says.
    pub kind: Kind,
    /// What else.
    pub flags: Flags,
    /// The stream; 0 for the session.
    pub stream: u32,
    /// The length of the data, the credit, a ping's number or the reason to go away.
    pub length: u32,
}

impl Frame {
    /// How long a frame is without its data.
    pub const SIZE: usize = 12;

    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub const fn decode(bytes: &[u8; Self::SIZE]) -> Result<Self, &'static str> {
        let [version, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3] = *bytes;
        if version != 0 {
            return Err("a frame of a version that there is not");
        }
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::WindowUpdate,
            2 => Kind::Ping,
            3 => Kind::GoAway,
            _ => return Err("a frame of a kind that there is not"),
        };
        let flags = Flags(u16::from_be_bytes([f0, f1]));
        let stream = u32::from_be_bytes([s0, s1, s2, s3]);
        let is_of_stream = matches!(kind, Kind::Data | Kind::WindowUpdate);
        if is_of_stream == (stream == 0) {
            return Err("a frame of the wrong stream");
        }
        Ok(Self { kind, flags, stream, length: u32::from_be_bytes([l0, l1, l2, l3]) })
    }

    /// Writes the frame.
    pub fn encode(self) -> [u8; Self::SIZE] {
        let kind = match self.kind {
            Kind::Data => 0,
            Kind::WindowUpdate => 1,
            Kind::Ping => 2,
            Kind::GoAway => 3,
        };
        let [f0, f1] = self.flags.0.to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        [0, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3]
    }
}
