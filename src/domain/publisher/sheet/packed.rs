//! How large the parts of a packed workbook (xlsx) are, found out before anybody unpacks them into memory.
//!
//! A few kilobytes can unpack to gigabytes, and the archive's table of contents can say otherwise. So what each part
//! claims is held against a bound, and then each is unpacked into nothing, up to what it claims and not a byte further:
//! whoever unpacks it afterwards meets no more than that.

use std::io::{self, Cursor, Read as _};

use zip::ZipArchive;

/// How large things may be when unpacked, in bytes.
struct Bounds {
    /// A part; the largest sheet that is known, of UN DESA, has some 100 MiB.
    part: u64,
    /// The table of shared texts, which is held in memory as a whole.
    texts: u64,
    /// All parts together.
    all: u64,
}

const BOUNDS: Bounds = Bounds { part: 512 << 20, texts: 128 << 20, all: 1 << 30 };
/// An archive may have so many parts; a workbook has some for each sheet.
const MOST_PARTS: usize = 10_000;

/// Whether the parts of an archive are of a size that can be read.
///
/// # Errors
/// Why not, as the end of a sentence.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    check_within(bytes, &BOUNDS)
}

fn check_within(bytes: &[u8], bounds: &Bounds) -> Result<(), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|fault| fault.to_string())?;
    if archive.len() > MOST_PARTS {
        return Err(format!("it has more than {MOST_PARTS} parts"));
    }
    let mut all = 0_u64;
    for n in 0..archive.len() {
        let part = archive.by_index(n).map_err(|fault| fault.to_string())?;
        let name = part.name().map_err(|fault| fault.to_string())?.into_owned();
        let (is_texts, claimed, name) = (name.to_ascii_lowercase().ends_with("sharedstrings.xml"), part.size(), super::quoted(&name));
        let bound = if is_texts { bounds.texts } else { bounds.part };
        all = all.saturating_add(claimed);
        if claimed > bound {
            return Err(format!("its part {name} unpacks to {claimed} bytes, and {bound} is the most that is read; save the sheet as CSV"));
        }
        if all > bounds.all {
            return Err(format!("its parts unpack to more than {} bytes together; save the sheet as CSV", bounds.all));
        }
        // The library stops there, too; whether it still does is not left to it.
        let damaged = |fault: io::Error| format!("its part {name} is damaged: {fault}");
        let mut part = part.take(claimed + 1);
        let unpacked = if is_texts {
            let mut texts = Vec::new();
            part.read_to_end(&mut texts).map_err(damaged)?;
            // Room is made for as many as it says; each takes five bytes at least.
            if let Some(boast) = boasts(&texts).find(|count| count.parse::<u64>().map_or(true, |count| count > claimed / 5)) {
                return Err(format!("its part {name} says that it has {boast} texts, which do not fit into its {claimed} bytes"));
            }
            texts.len() as u64
        } else {
            io::copy(&mut part, &mut io::sink()).map_err(damaged)?
        };
        if unpacked > claimed {
            return Err(format!("its part {name} unpacks to more than the {claimed} bytes that it claims"));
        }
    }
    Ok(())
}

/// The numbers that stand as `uniqueCount`.
fn boasts(texts: &[u8]) -> impl Iterator<Item = &str> {
    const NAME: &[u8] = b"uniqueCount";
    texts.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME).filter_map(|(at, _)| {
        let behind = texts[at + NAME.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let digits = behind.strip_prefix(b"\"").or_else(|| behind.strip_prefix(b"'"))?.trim_ascii_start();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        std::str::from_utf8(&digits[..end]).ok().filter(|count| !count.is_empty())
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive of parts.
    pub fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// The same archive, whose table of contents claims another size of its first part.
    fn claiming(mut archive: Vec<u8>, size: u32) -> Vec<u8> {
        let entry = archive.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        archive[entry + 24..entry + 28].copy_from_slice(&size.to_le_bytes());
        archive
    }

    fn refusal(archive: &[u8]) -> String {
        check_within(archive, &Bounds { part: 1 << 20, texts: 1 << 10, all: 3 << 20 }).err().unwrap_or_default()
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
        let megabyte = vec![b' '; 1 << 20];
        let beyond = vec![b' '; (1 << 20) + 1];
        assert_eq!(refusal(&packed(&[("a.xml", &megabyte), ("xl/sharedStrings.xml", &megabyte[..1 << 10])])), "");
        let bomb = packed(&[("xl/worksheets/sheet1.xml", &beyond)]);
        assert!(bomb.len() < 4_096, "a thousand times smaller");
        assert!(refusal(&bomb).starts_with("its part \"xl/worksheets/sheet1.xml\" unpacks to 1048577 bytes, and 1048576 is the most"), "{}", refusal(&bomb));
        let texts = packed(&[("xl/SharedStrings.xml", &megabyte[..1_025])]);
        assert!(refusal(&texts).contains("unpacks to 1025 bytes, and 1024 is the most"), "{}", refusal(&texts));
        let many = packed(&[("a", &megabyte), ("b", &megabyte), ("c", &megabyte), ("d", b"x")]);
        assert!(refusal(&many).contains("more than 3145728 bytes together"), "{}", refusal(&many));
    }

    #[test]
    fn what_claims_less_than_it_is_is_unpacked_no_further_than_that() {
        let bomb = claiming(packed(&[("a.xml", &vec![b' '; 5 << 20])]), 7);
        assert!(refusal(&bomb).starts_with("its part \"a.xml\" is damaged: ") && refusal(&bomb).contains("larger than"), "{}", refusal(&bomb));
        let boast = claiming(packed(&[("a.xml", b"x")]), u32::MAX - 1);
        assert!(refusal(&boast).contains("unpacks to 4294967294 bytes"), "{}", refusal(&boast));
        assert!(check(&boast).is_err(), "under the bounds that count, too");
        assert!(!refusal(b"PK\x03\x04 no archive").is_empty());
    }

    #[test]
    fn a_count_of_texts_that_cannot_be_is_refused_before_room_is_made() {
        let of = |attribute: &str| {
            let part = format!("<sst xmlns=\"x\" {attribute}><si><t>a uniqueCount of words</t></si></sst>");
            refusal(&packed(&[("xl/sharedStrings.xml", part.as_bytes())]))
        };
        assert_eq!((of("uniqueCount=\"1\""), of("count='9'")), (String::new(), String::new()));
        for boast in ["uniqueCount=\"100000000000\"", "uniqueCount = '100'", "uniqueCount=\"99999999999999999999999\""] {
            assert!(of(boast).contains("texts, which do not fit"), "{boast}: {}", of(boast));
        }
    }
}
