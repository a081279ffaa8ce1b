//! No bytes bring the reader down: whatever is handed over, the answer is figures or faults.

use proptest::prelude::*;

use super::*;

const ALL: [Publisher; 5] = [Publisher::Unhcr, Publisher::Undesa, Publisher::Eurostat, Publisher::Worldbank, Publisher::Csv];

/// A short sound file of each.
const SOUND: [&str; 5] = [
    "year,coo,coo_iso,coa,coa_iso,refugees,idps\n2020,AFG,AFG,GFR,DEU,5,0\n2020,AFG,AFG,AFG,AFG,0,7\n",
    "Location code of destination,Type of data,Location code of origin,1990,2020\n276,B R,4,1,..\n",
    "DATAFLOW,LAST UPDATE,freq,unit,citizen,sex,age,asyl_app,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\nESTAT:MIGR_ASYAPPCTZA(1.0),,A,PER,AF,T,TOTAL,NASY_APP,EL,2020,5,p\n",
    "Country Name,Country Code,Indicator Name,Indicator Code,2020\nPakistan,PAK,\"Remittances, received\",BX.TRF.PWKR.CD.DT,1.5\n",
    "source,measure,origin,destination,period,value\nX,REFUGEES,AFG,DEU,2020,5\n",
];

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..2_000), which in 0_usize..5) {
        let answer = read(ALL[which], &bytes);
        prop_assert!(!answer.checked.faults.is_empty(), "noise is no file of anybody");
    }

    #[test]
    fn a_sound_file_with_bytes_changed_is_answered(which in 0_usize..5, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        let mut bytes = SOUND[which].as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let answer = read(ALL[which], &bytes);
        for fault in &answer.checked.faults.told {
            prop_assert!(!fault.message.is_empty() && fault.message.len() < 2_000, "{fault}");
        }
        // What is taken has a value or a reason.
        prop_assert!(answer.facts.iter().all(|fact| fact.value.is_none_or(|value| value.is_finite() && value >= 0.0)));
    }

    #[test]
    fn a_damaged_workbook_is_answered(old in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..1_500)) {
        let start: &[u8] = if old { &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] } else { b"PK\x03\x04" };
        let answer = read(Publisher::Worldbank, &[start, &bytes].concat());
        prop_assert_eq!(answer.codes(), ["not_a_table"]);
    }
}

#[test]
fn an_official_workbook_with_bytes_changed_is_answered() {
    const XLS: &str = "worldbank/personal-remittances-received.xls";
    const XLSX: &str = "undesa/undesa_pd_2020_ims_stock_by_sex_and_destination.xlsx";
    for (publisher, file, times) in [(Publisher::Worldbank, XLS, 12_usize), (Publisher::Undesa, XLSX, 4)] {
        let Some(sound) = shared(file) else { return };
        // Heads and tables of contents stand at the start and at the end.
        for step in 0..times {
            let mut bytes = sound.clone();
            let at = if step % 2 == 0 { step * 23 % 600 } else { bytes.len() - 1 - step * 37 % 900 };
            bytes[at] ^= 0xff;
            let answer = read(publisher, &bytes);
            assert!(!answer.facts.is_empty() || !answer.checked.faults.is_empty(), "{file} at {at}");
        }
    }
}

#[test]
fn sound_files_are_sound() {
    for (publisher, text) in ALL.into_iter().zip(SOUND) {
        let answer = read(publisher, text.as_bytes());
        assert_eq!(answer.told(), "", "{publisher}");
        assert!(!answer.facts.is_empty());
    }
}
