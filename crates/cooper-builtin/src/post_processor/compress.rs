//! `compress`: packs an artifact's files.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bzip2::write::BzEncoder;
use cooper_build::artifact::Artifact;
use cooper_build::component::{
    ArgumentType, Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx,
};
use cooper_build::{Failure, component_config};
use cooper_hcl::schema::Choices;
use cooper_hcl::{Code, Diagnostic, Reported, Type, Value, plainly};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use futures::future::BoxFuture;
use lz4_flex::frame::FrameEncoder;
use xz2::write::XzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::arguments::refuse;
use crate::facts;
use crate::files::{Files, permissions, temporary_beside};
use crate::kind::Kind;
use crate::render::Renderer;

component_config! {
    /// Packs the artifact's files into an archive, or compresses one file.
    struct Arguments {
        /// The file to make. Its extensions tell the format. When absent,
        /// `packer_{{.BuildName}}_{{.BuilderType}}.tar.gz`.
        output: Option<String>,
        /// The format, when the name does not tell.
        format: Option<Format>,
        /// How hard to compress, from 1, fast, to 9, small.
        compression_level: Option<i64>,
        /// The old way to choose a format; without effect.
        archive: Option<String>,
        /// The old way to choose a format; without effect.
        algorithm: Option<String>,
    }
}

/// The extensions that tell a format, such as `tar.gz`; what stands before them does not matter.
#[derive(Clone, Debug, Default)]
struct Format(String);

const FORMATS: Choices = Choices {
    noun: "format",
    words: &[
        "tar",
        "tar.gz",
        "tar.xz",
        "tar.bzip2",
        "tar.lz4",
        "tar.bgzf",
        "zip",
        "gz",
        "xz",
        "bzip2",
        "lz4",
        "bgzf",
    ],
    is_complete: false,
};

impl ArgumentType for Format {
    fn ty() -> Type {
        Type::String
    }

    fn choices() -> Option<Choices> {
        Some(FORMATS)
    }

    fn read(value: &Value) -> Result<Self, String> {
        String::read(value).map(Self)
    }

    fn draft(_: &Value) -> Option<Self> {
        Some(Self::default())
    }
}

const OUTPUT: &str = "packer_{{.BuildName}}_{{.BuilderType}}";

/// The kind of post-processor called `compress`.
pub(crate) fn kind() -> impl PostProcessorKind {
    Kind::new(prepare).rendered_later(&[("output", &["BuildName", "BuilderType"])])
}

struct Compress {
    output: String,
    /// What the output was not given a name for, it gets an extension for.
    named: bool,
    format: String,
    level: Option<u32>,
    renderer: Renderer,
}

/// How files are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Archive {
    Tar,
    Zip,
    /// There is one file, and it stands for itself.
    None,
}

/// How bytes are made fewer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Algorithm {
    Gzip,
    Bgzf,
    Bzip2,
    Lz4,
    Xz,
    None,
}

impl Algorithm {
    fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "gz" | "gzip" | "pgzip" => Self::Gzip,
            "bgzf" => Self::Bgzf,
            "bzip2" => Self::Bzip2,
            "lz4" => Self::Lz4,
            "xz" => Self::Xz,
            _ => return None,
        })
    }

    /// Packer's name.
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "pgzip",
            Self::Bgzf => "bgzf",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::None => "no compression",
        }
    }
}

/// What a file's name says of its format; tar and gzip when it says nothing.
fn format_of(name: &str) -> Option<(Archive, Algorithm)> {
    let mut extensions = name.rsplit('.');
    let last = extensions.next()?.to_ascii_lowercase();
    let before = extensions.next().unwrap_or_default().to_ascii_lowercase();
    match (before.as_str(), last.as_str()) {
        (_, "zip") => Some((Archive::Zip, Algorithm::None)),
        (_, "tar") => Some((Archive::Tar, Algorithm::None)),
        ("tar", algorithm) => Algorithm::of(algorithm).map(|algorithm| (Archive::Tar, algorithm)),
        (_, algorithm) => Algorithm::of(algorithm).map(|algorithm| (Archive::None, algorithm)),
    }
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Compress, Reported> {
    for (argument, value) in [("archive", arguments.archive), ("algorithm", arguments.algorithm)] {
        if value.is_some() {
            config.diags.warn(
                Diagnostic::warning(Code::NoEffect, format!("`{argument}` has no effect"))
                    .at(config.place(argument), "")
                    .help("choose the format by the extensions of `output`, or by `format`"),
            );
        }
    }
    let Format(format) = arguments.format.unwrap_or_default();
    let mut sound = Ok(());
    if !format.is_empty() && format_of(&format!(".{format}")).is_none() {
        let error = FORMATS.refusal(&format).at(config.place("format"), "");
        sound = Err(config.looking_at(&["format"]).diags.error(error));
    }
    let level = match arguments.compression_level {
        None | Some(-1 | 0) => None,
        Some(level) if level < -1 => {
            let message = format!("{level} is no compression level");
            let help = "it is from 1, fast, to 9, small";
            return Err(refuse(config, Code::InvalidValue, "compression_level", message, help));
        }
        Some(level) => Some(u32::try_from(level).unwrap_or(9).min(9)),
    };
    sound?;
    let output = arguments.output.filter(|output| !output.is_empty());
    Ok(Compress {
        named: output.is_some(),
        output: output.unwrap_or_else(|| OUTPUT.to_owned()),
        format,
        level,
        renderer: Renderer::new(config),
    })
}

impl PostProcessor for Compress {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            if input.files.is_empty() {
                return Err(Failure::new(
                    "there is nothing to compress: the artifact has no files",
                )
                .help("an image becomes a file by `docker-save`, and one of `artifice` names it"));
            }
            let (target, archive, algorithm) = self.target(cx, input)?;
            let shown = target.display().to_string();
            if archive == Archive::None && input.files.len() != 1 {
                return Err(Failure::new(format!(
                    "Can only have 1 input file when not using tar/zip. Found {} files",
                    input.files.len()
                ))
                .help("end `output` in `.tar.gz`"));
            }
            if algorithm != Algorithm::None {
                let name = algorithm.name();
                cx.say(format!("Using {name} compression with 1 core for {shown}")).await;
            }
            cx.say(match archive {
                Archive::Tar => format!("Tarring {shown} with {}", algorithm.name()),
                Archive::Zip => format!("Zipping {shown}"),
                Archive::None => {
                    format!("Archiving {} with {}", input.files[0].display(), algorithm.name())
                }
            })
            .await;

            let work = Work {
                files: input.files.clone(),
                target: target.clone(),
                archive,
                algorithm,
                level: self.level,
            };
            let written = tokio::task::spawn_blocking(move || work.run()).await;
            written.map_err(io::Error::other).flatten().map_err(|error| {
                Failure::new(format!("cannot make `{shown}`: {}", plainly(&error)))
            })?;
            cx.say(format!("Archive {shown} completed")).await;
            let artifact = Artifact {
                builder_id: "packer.post-processor.compress".to_owned(),
                id: String::new(),
                files: vec![target.clone()],
                summary: format!("compressed artifacts in: {shown}"),
                tags: Vec::new(),
                digest: None,
                facts: None,
                handle: Arc::new(Files(vec![target])),
            };
            Ok(Processed { artifact: Some(artifact), input: Keep::OnRequest })
        })
    }
}

impl Compress {
    /// The file to make, and its format.
    fn target(
        &self,
        cx: &StepCx,
        input: &Artifact,
    ) -> Result<(PathBuf, Archive, Algorithm), Failure> {
        let data = [
            ("BuildName", cx.origin().source_label.as_str()),
            ("BuilderType", cx.origin().source_type.as_str()),
        ];
        let mut output = self
            .renderer
            .until_stable(&self.output, facts::of(input), &data)
            .map_err(|failure| failure.while_doing("render `output`"))?;
        if !self.named {
            output.push('.');
            output.push_str(if self.format.is_empty() { "tar.gz" } else { &self.format });
        }
        let name =
            if self.format.is_empty() { output.clone() } else { format!(".{}", self.format) };
        let (archive, algorithm) = format_of(&name).unwrap_or((Archive::Tar, Algorithm::Gzip));
        Ok((output.into(), archive, algorithm))
    }
}

/// All that a thread needs to know to pack files.
struct Work {
    files: Vec<PathBuf>,
    target: PathBuf,
    archive: Archive,
    algorithm: Algorithm,
    level: Option<u32>,
}

impl Work {
    fn run(self) -> io::Result<()> {
        if let Some(folder) = self.target.parent().filter(|path| !path.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let target = temporary_beside(&self.target, 0o666)?;
        let file = io::BufWriter::with_capacity(128 * 1024, target.as_file());
        match self.archive {
            Archive::Zip => self.zip(file)?,
            Archive::Tar | Archive::None => {
                let mut packed = self.compressing(file)?;
                match self.archive {
                    Archive::Tar => self.tar(&mut packed)?,
                    _ => {
                        io::copy(&mut File::open(&self.files[0])?, &mut packed)?;
                    }
                }
                packed.end()?;
            }
        }
        target.persist(&self.target).map_err(|error| error.error)?;
        Ok(())
    }

    fn compressing<W: Write>(&self, to: W) -> io::Result<Packed<W>> {
        let level = |natural: u32| self.level.unwrap_or(natural);
        Ok(match self.algorithm {
            Algorithm::None => Packed::Plain(to),
            Algorithm::Gzip => Packed::Gzip(GzEncoder::new(to, Compression::new(level(6)))),
            Algorithm::Bgzf => Packed::Bgzf(Bgzf::new(to, level(6))),
            Algorithm::Bzip2 => {
                Packed::Bzip2(BzEncoder::new(to, bzip2::Compression::new(level(6))))
            }
            Algorithm::Lz4 => Packed::Lz4(FrameEncoder::new(to)),
            Algorithm::Xz => Packed::Xz(XzEncoder::new(to, level(6))),
        })
    }

    fn tar(&self, to: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(to);
        for path in &self.files {
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Regular);
            header.set_mode(permissions(&metadata));
            header.set_uid(u64::from(metadata.uid()));
            header.set_gid(u64::from(metadata.gid()));
            header.set_size(metadata.len());
            header.set_mtime(0);
            let mut file = (&mut file).take(metadata.len());
            archive.append_data(&mut header, base_name(path)?, &mut file)?;
        }
        archive.finish()
    }

    fn zip(&self, to: impl Write + io::Seek) -> io::Result<()> {
        let mut archive = ZipWriter::new(to);
        let options = SimpleFileOptions::default()
            .compression_level(self.level.map(i64::from))
            .large_file(true);
        for path in &self.files {
            let name = path.to_string_lossy();
            archive.start_file(name.trim_start_matches('/'), options)?;
            io::copy(&mut File::open(path)?, &mut archive)?;
        }
        archive.finish()?.flush()
    }
}

fn base_name(path: &Path) -> io::Result<&Path> {
    path.file_name().map(Path::new).ok_or_else(|| io::ErrorKind::InvalidFilename.into())
}

/// A writer that compresses.
enum Packed<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Bgzf(Bgzf<W>),
    Bzip2(BzEncoder<W>),
    Lz4(FrameEncoder<W>),
    Xz(XzEncoder<W>),
}

impl<W: Write> Packed<W> {
    fn end(self) -> io::Result<()> {
        match self {
            Self::Plain(to) => Ok(to),
            Self::Gzip(packed) => packed.finish(),
            Self::Bgzf(packed) => packed.end(),
            Self::Bzip2(packed) => packed.finish(),
            Self::Lz4(packed) => packed.finish().map_err(io::Error::other),
            Self::Xz(packed) => packed.finish(),
        }?
        .flush()
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Gzip(packed) => packed.write(bytes),
            Self::Bgzf(packed) => packed.write(bytes),
            Self::Bzip2(packed) => packed.write(bytes),
            Self::Lz4(packed) => packed.write(bytes),
            Self::Xz(packed) => packed.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How much goes into one block of BGZF, whose compressed size must fit into 16 bits.
const BLOCK: usize = 0xff00;

/// The empty block at the end of BGZF.
const LAST: [u8; 28] = [
    0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0,
    0, 0,
];

/// BGZF: gzip in small members, each of which says its size.
struct Bgzf<W: Write> {
    to: W,
    level: u32,
    waiting: Vec<u8>,
}

impl<W: Write> Bgzf<W> {
    fn new(to: W, level: u32) -> Self {
        Self { to, level, waiting: Vec::with_capacity(BLOCK) }
    }

    fn end(mut self) -> io::Result<W> {
        if !self.waiting.is_empty() {
            self.block()?;
        }
        self.to.write_all(&LAST)?;
        Ok(self.to)
    }

    fn block(&mut self) -> io::Result<()> {
        for level in [self.level, 0] {
            let mut packed = GzBuilder::new()
                .extra(vec![b'B', b'C', 2, 0, 0, 0])
                .write(Vec::new(), Compression::new(level));
            packed.write_all(&self.waiting)?;
            let mut block = packed.finish()?;
            // What does not get smaller is stored as it is, which always fits.
            if let Ok(size) = u16::try_from(block.len() - 1) {
                // Fixed gzip header (10), length of the extra field (2), its tag (4).
                block[16..18].copy_from_slice(&size.to_le_bytes());
                self.waiting.clear();
                return self.to.write_all(&block);
            }
        }
        Err(io::Error::other("a block does not fit"))
    }
}

impl<W: Write> Write for Bgzf<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(BLOCK - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..count]);
        if self.waiting.len() == BLOCK {
            self.block()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_formats() {
        for (name, expected) in [
            ("a.tar.gz", Some((Archive::Tar, Algorithm::Gzip))),
            ("a.tar.xz", Some((Archive::Tar, Algorithm::Xz))),
            ("a.tar", Some((Archive::Tar, Algorithm::None))),
            ("a.zip", Some((Archive::Zip, Algorithm::None))),
            ("a.gz", Some((Archive::None, Algorithm::Gzip))),
            ("a.TAR.LZ4", Some((Archive::Tar, Algorithm::Lz4))),
            (".bzip2", Some((Archive::None, Algorithm::Bzip2))),
            ("a.img", None),
            ("a", None),
        ] {
            assert_eq!(format_of(name), expected, "{name}");
        }
    }

    #[test]
    fn every_format_can_be_unpacked_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data");
        let data: Vec<u8> = (0..300_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        std::fs::write(&file, &data).unwrap();
        let pack = |archive, algorithm| {
            let target = folder.path().join("packed");
            let work = Work {
                files: vec![file.clone()],
                target: target.clone(),
                archive,
                algorithm,
                level: None,
            };
            work.run().unwrap();
            std::fs::read(target).unwrap()
        };
        let read = |mut reader: Box<dyn Read>| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let packed = io::Cursor::new(pack(Archive::None, Algorithm::Gzip));
        assert_eq!(read(Box::new(flate2::read::GzDecoder::new(packed))), data);
        let packed = pack(Archive::None, Algorithm::Bgzf);
        assert!(packed.ends_with(&LAST));
        assert_eq!(
            read(Box::new(flate2::read::MultiGzDecoder::new(io::Cursor::new(packed)))),
            data
        );
        let packed = io::Cursor::new(pack(Archive::None, Algorithm::Xz));
        assert_eq!(read(Box::new(xz2::read::XzDecoder::new(packed))), data);
        let packed = io::Cursor::new(pack(Archive::None, Algorithm::Bzip2));
        assert_eq!(read(Box::new(bzip2::read::BzDecoder::new(packed))), data);
        let packed = io::Cursor::new(pack(Archive::None, Algorithm::Lz4));
        assert_eq!(read(Box::new(lz4_flex::frame::FrameDecoder::new(packed))), data);

        let packed = pack(Archive::Tar, Algorithm::None);
        let mut archive = tar::Archive::new(&packed[..]);
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap(), Path::new("data"));
        let packed = pack(Archive::Zip, Algorithm::None);
        let mut archive = zip::ZipArchive::new(io::Cursor::new(packed)).unwrap();
        assert_eq!(archive.by_index(0).unwrap().size(), data.len() as u64);
    }
}
