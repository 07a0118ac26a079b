//! Faults of loading: what is damaged is refused, and what is fine costs its bytes and little more.

use allocation_counter::measure;
use portcullis::compiler::automata::Budget;
use portcullis::runtime::format::{self as f, HEADER_BYTES, SECTION_ENTRY_BYTES, Section};
use portcullis::runtime::{Bundle, LoadError, seal};

use super::{compiled, worlds};

fn bytes() -> Vec<u8> {
    let world = worlds::world(3, 0);
    compiled::bytes(
        &compiled::model(compiled::resolved(&[("world.json", &world.snapshot)])),
        Budget::default(),
    )
}

/// Offsets and lengths that lead out of the bytes, or would once added up. The crafted bundles of `tests/bundle.rs` break every sentence of
/// the format.
#[test]
fn crafted_archive() {
    let good = bytes();
    for section in 0..Section::ALL.len() {
        for field in [4, 8] {
            for value in [0, 1, 7, 0x7fff_ffff, 0x8000_0000, u32::MAX - 7, u32::MAX] {
                let mut bytes = good.clone();
                let at = HEADER_BYTES + section * SECTION_ENTRY_BYTES + field;
                if bytes[at..at + 4] == value.to_le_bytes() {
                    continue;
                }
                bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
                seal(&mut bytes);
                assert_eq!(Bundle::from_bytes(bytes).err(), Some(LoadError::SectionTable));
            }
        }
    }
}

/// A bundle that does not load is no bundle: there is nothing that could allow.
#[test]
fn fail_open_on_load_error() {
    let good = bytes();
    let empty: &[u8] = &[];
    assert_eq!(Bundle::from_bytes(empty).err(), Some(LoadError::TooShort));
    assert_eq!(Bundle::from_bytes(vec![0; good.len()]).err(), Some(LoadError::NotABundle));
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    assert_eq!(Bundle::from_bytes(flipped).err(), Some(LoadError::WrongDigest));
    assert!(Bundle::from_bytes(good).is_ok());
}

/// A loaded bundle is its bytes, the names of its context keys, and a little for each classifier and each block of addresses; loading takes little more
/// meanwhile.
#[test]
fn memory_blow_up() {
    let good = bytes();
    let length = good.len() as u64;
    let mut bundle = None;
    let taken = measure(|| bundle = Bundle::from_bytes(good).ok());
    let bundle = bundle.unwrap();
    let count = |section, words| (bundle.section(section).len() / 4 / words) as i64;
    let (keys, classifiers) =
        (count(Section::Keys, f::Key::WORDS), count(Section::Classifiers, f::Classifier::WORDS));
    let intervals = count(Section::Intervals, f::Interval::WORDS);
    // Names of keys, records beside what they name, and addresses with buckets for each.
    let most = (100 * keys).min(80 * keys + 40 * classifiers + 48 * intervals);
    assert!((0..most).contains(&taken.bytes_current), "{} bytes, not {most}", taken.bytes_current);
    assert!(taken.bytes_max <= length / 8, "{} bytes to load {length}", taken.bytes_max);
}

/// Damaged lengths in the cold sections do not ask for memory that the section could not stand for.
#[test]
fn memory_blow_up_of_cold_sections() {
    let good = bytes();
    let bundle = Bundle::from_bytes(good.clone()).unwrap();
    let entry = HEADER_BYTES + (Section::Provenance as usize - 1) * SECTION_ENTRY_BYTES + 4;
    let start = u32::from_le_bytes(good[entry..entry + 4].try_into().unwrap()) as usize;
    let most = 1 << 23;
    let honest = measure(|| assert!(bundle.provenance().is_ok()));
    assert!(honest.bytes_max < most);
    for at in start..start + bundle.section(Section::Provenance).len() - 9 {
        let mut bytes = good.clone();
        // A number of 64 bits in bincode's variable encoding: more items than there are atoms.
        bytes[at..at + 9].copy_from_slice(&[253, 255, 255, 255, 255, 255, 255, 255, 15]);
        seal(&mut bytes);
        let bundle = Bundle::from_bytes(bytes).unwrap();
        let taken = measure(|| drop(bundle.provenance()));
        assert!(taken.bytes_max < most, "{} bytes at {at}", taken.bytes_max);
    }
}

/// Loading compiles nothing: a few bit sets, the names of the context keys and tables of addresses are all that it makes, however many policies there
/// are.
#[test]
fn slow_restart() {
    let statements: Vec<String> = (0..2_000)
        .map(|number| compiled::statement("Allow", "svc:Get", &[&format!("arn:aws:s3:::*a{number}*b*")]))
        .collect();
    let model = compiled::model(compiled::attached(&[&compiled::document(&statements)]));
    for good in [bytes(), compiled::bytes(&model, Budget::default())] {
        let taken = measure(|| assert!(Bundle::from_bytes(good).is_ok()));
        assert!(taken.count_total <= 40, "{} allocations", taken.count_total);
    }
}
