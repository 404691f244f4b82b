//! What calls and answers say: Go's structs, by the names of their fields.

use crate::msgpack::{Field, Mismatch, Value, message};

message! {
    /// An error inside an answer.
    pub struct Failed {
        /// What went wrong.
        message: String = "Message",
    }
}

message! {
    /// `ConfigSpec`'s answer.
    pub struct ConfigSpec {
        /// The spec, in the encoding that the plugin was started with.
        spec: Vec<u8> = "ConfigSpec",
    }
}

message! {
    /// `Datasource.OutputSpec`'s answer.
    pub struct OutputSpec {
        /// The spec of what it finds.
        spec: Vec<u8> = "OutputSpec",
    }
}

message! {
    /// The argument of `Prepare` and `Configure`: bytes are arguments in JSON with their type, and
    /// all else is plain; what comes later wins.
    pub struct Configs {
        /// The parts.
        parts: Vec<Value> = "Configs",
    }
}

message! {
    /// `Builder.Prepare`'s answer.
    pub struct Prepared {
        /// What the builder will know of `build.*` besides the usual.
        generated: Vec<String> = "GeneratedVars",
        /// What is no mistake, but not right either.
        warnings: Vec<String> = "Warnings",
        /// Why the arguments cannot be used.
        error: Option<Failed> = "Error",
    }
}

message! {
    /// `Provisioner.Provision`'s argument.
    pub struct Provision {
        /// What is known of the machine.
        data: Value = "GeneratedData",
        /// Where the host has `Ui` and `Communicator`.
        channel: u32 = "StreamID",
    }
}

message! {
    /// `PostProcessor.PostProcess`'s answer.
    pub struct Processed {
        /// Why there is none.
        error: Option<Failed> = "Err",
        /// Whether the input stays, unless the template says otherwise.
        keep: bool = "Keep",
        /// Whether it stays, whatever the template says.
        force: bool = "ForceOverride",
        /// Where the plugin has the artifact; 0 when there is none.
        channel: u32 = "StreamId",
    }
}

message! {
    /// `Datasource.Configure`'s answer. What went wrong is in the header.
    pub struct Configured {
        /// Nobody reads it.
        error: Value = "Error",
    }
}

message! {
    /// `Datasource.Execute`'s answer.
    pub struct Executed {
        /// What was found, with its type.
        value: Vec<u8> = "Value",
        /// Why nothing was.
        error: Option<Failed> = "Error",
    }
}

message! {
    /// `Ui.Machine`'s argument.
    pub struct Machine {
        /// What kind of record.
        category: String = "Category",
        /// What it says.
        arguments: Vec<String> = "Args",
    }
}

message! {
    /// `Ui.NewTrackProgress`'s argument.
    pub struct TrackProgress {
        /// What is being moved.
        source: String = "Src",
        /// How much there is, in bytes.
        total: i64 = "TotalSize",
        /// How much is done.
        done: i64 = "CurrentSize",
    }
}

message! {
    /// `Hook.Run`'s argument.
    pub struct HookRun {
        /// `packer_provision`
        name: String = "Name",
        /// What is known of the machine.
        data: Value = "Data",
        /// Where the builder has `Ui` and `Communicator`.
        channel: u32 = "StreamId",
    }
}

message! {
    /// `Communicator.Start`'s argument. The caller has all channels; 0 is none.
    pub struct Start {
        /// The command line.
        command: String = "Command",
        /// What it reads.
        stdin: u32 = "StdinStreamId",
        /// What it prints.
        stdout: u32 = "StdoutStreamId",
        /// What it complains of.
        stderr: u32 = "StderrStreamId",
        /// How it ended.
        response: u32 = "ResponseStreamId",
    }
}

message! {
    /// `Communicator.Upload`'s argument.
    pub struct Upload {
        /// The file in the machine.
        path: String = "Path",
        /// Where the caller has its content.
        content: u32 = "ReaderStreamId",
        /// What is known of it.
        info: Option<FileInfo> = "FileInfo",
    }
}

message! {
    /// What is known of a file.
    pub struct FileInfo {
        /// Its name.
        name: String = "N",
        /// How many bytes it has.
        size: i64 = "S",
        /// Its mode, as Go has them: the lowest nine bits are the permissions.
        mode: u32 = "M",
        /// When it was last changed.
        modified: Modified = "T",
    }
}

message! {
    /// `Communicator.Download`'s argument.
    pub struct Download {
        /// The file in the machine.
        path: String = "Path",
        /// Where the caller takes its content.
        content: u32 = "WriterStreamId",
    }
}

message! {
    /// The argument of `Communicator.UploadDir` and `DownloadDir`. Both folders are on machines
    /// that whoever has the communicator reaches.
    pub struct CopyDir {
        /// Where to.
        destination: String = "Dst",
        /// Where from.
        source: String = "Src",
        /// What to leave out.
        exclude: Vec<String> = "Exclude",
    }
}

impl FileInfo {
    const SETUID: u32 = 1 << 23;
    const SETGID: u32 = 1 << 22;
    const STICKY: u32 = 1 << 20;

    /// The permissions and special bits, as Unix has them.
    pub fn unix_mode(&self) -> u32 {
        let bit = |go: u32, unix: u32| if self.mode & go == 0 { 0 } else { unix };
        (self.mode & 0o777)
            | bit(Self::SETUID, 0o4000)
            | bit(Self::SETGID, 0o2000)
            | bit(Self::STICKY, 0o1000)
    }

    /// The same as Go has them.
    pub fn go_mode(unix: u32) -> u32 {
        let bit = |mask: u32, go: u32| if unix & mask == 0 { 0 } else { go };
        (unix & 0o777)
            | bit(0o4000, Self::SETUID)
            | bit(0o2000, Self::SETGID)
            | bit(0o1000, Self::STICKY)
    }
}

/// When a file was last changed: in seconds since 1970, and nanoseconds; nothing when nobody knows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Modified(pub Option<(i64, u32)>);

impl Field for Modified {
    fn to_value(&self) -> Value {
        self.0.map_or(Value::Nil, |(seconds, nanoseconds)| Value::Time(seconds, nanoseconds))
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Time(seconds, nanoseconds) => Ok(Self(Some((seconds, nanoseconds)))),
            // Whatever else it is, the file can be made without it.
            _ => Ok(Self(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::{Limits, decode, encode};
    use crate::testing::hex;

    /// What real peers said, and what it says.
    #[test]
    fn messages_are_those_that_go_sends() {
        fn check<T: Field + PartialEq + std::fmt::Debug>(message: &T, bytes: &str) {
            let mut written = Vec::new();
            encode(&message.to_value(), &mut written);
            assert_eq!(written, hex(bytes), "{message:?}");
            let value = decode(&hex(bytes), Limits::MESSAGE).unwrap();
            assert_eq!(T::from_value(value).as_ref(), Ok(message));
        }
        let texts = |text: &str| vec![text.to_owned()];
        check(
            &Prepared { generated: texts("CustomVar"), warnings: texts("warn1"), error: None },
            "83ad47656e6572617465645661727391a9437573746f6d566172a85761726e696e677391a57761726e31a5\
             4572726f72c0",
        );
        let failed = |text: &str| Some(Failed { message: text.to_owned() });
        check(
            &Prepared {
                generated: texts("CustomVar"),
                warnings: texts("warn1"),
                error: failed("bad config"),
            },
            "83ad47656e6572617465645661727391a9437573746f6d566172a85761726e696e677391a57761726e31a5\
             4572726f7281a74d657373616765aa62616420636f6e666967",
        );
        let data = [
            ("ID", Value::text("i-123")),
            ("Host", Value::text("127.0.0.1")),
            ("Port", Value::Int(2222)),
            ("PackerHTTPPort", Value::text("0")),
            ("SSHAgentAuth", Value::Bool(false)),
            ("S", Value::List(vec![Value::text("q")])),
        ];
        check(
            &HookRun { name: "packer_provision".to_owned(), data: Value::object(data), channel: 1 },
            "83a44e616d65b07061636b65725f70726f766973696f6ea44461746186a24944a5692d313233a4486f7374\
             a93132372e302e302e31a4506f7274d108aeae5061636b657248545450506f7274a130ac5353484167656e\
             7441757468c2a15391a171a853747265616d496401",
        );
        check(
            &Start { command: "cat".to_owned(), stdin: 7, stdout: 8, stderr: 0, response: 9 },
            "85a7436f6d6d616e64a3636174ad537464696e53747265616d496407ae5374646f757453747265616d4964\
             08ae53746465727253747265616d496400b0526573706f6e736553747265616d496409",
        );
        check(
            &Upload {
                path: "/tmp/probe-uploaded".to_owned(),
                content: 2,
                info: Some(FileInfo {
                    name: "probe990599591".to_owned(),
                    size: 13,
                    mode: 0o600,
                    modified: Modified(Some((1_795_378_886, 817_826_548))),
                }),
            },
            "83a450617468b32f746d702f70726f62652d75706c6f61646564ae52656164657253747265616d496402a8\
             46696c65496e666f84a14eae70726f6265393930353939353931a1530da14dcd0180a154d7ffc2fc2bd06b\
             034ec6",
        );
        check(
            &Processed { error: None, keep: true, force: false, channel: 1 },
            "84a3457272c0a44b656570c3ad466f7263654f76657272696465c2a853747265616d496401",
        );
        check(
            &Processed { error: failed("pp failed"), keep: false, force: false, channel: 0 },
            "84a345727281a74d657373616765a97070206661696c6564a44b656570c2ad466f7263654f766572726964\
             65c2a853747265616d496400",
        );
    }

    #[test]
    fn what_is_missing_is_zero_and_what_is_wrong_is_named() {
        let start = Start::from_value(Value::object([("Command", Value::text("id"))])).unwrap();
        assert_eq!((start.stdin, start.response), (0, 0));
        let wrong = Value::object([("Command", Value::Int(1))]);
        let error = Start::from_value(wrong).unwrap_err().to_string();
        assert_eq!(error, "`Command`: a text is wanted, and not a whole number");
        assert!(Start::from_value(Value::text("x")).is_err());
    }

    #[test]
    fn modes_keep_their_special_bits() {
        for mode in [0o644, 0o4755, 0o2755, 0o1777, 0o7777] {
            let info = FileInfo {
                name: String::new(),
                size: 0,
                mode: FileInfo::go_mode(mode),
                modified: Modified::default(),
            };
            assert_eq!(info.unix_mode(), mode, "{mode:o}");
        }
    }
}
