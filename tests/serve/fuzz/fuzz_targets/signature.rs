//! Whatever a signature file holds: it proves nothing unless the key signed it.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use portcullis::trust::{PublicKey, SigningKey, verify};

static KEY: OnceLock<(SigningKey, String)> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let (key, signature) = KEY.get_or_init(|| {
        let (key, _) = SigningKey::generate().expect("a key");
        let signature = key.sign(b"bundle", Some(1));
        (key, signature)
    });
    if bytes != signature.as_bytes() {
        assert!(verify(&[key.public()], b"bundle", bytes).is_err());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (PublicKey::all_from_pem(text), SigningKey::from_pem(text));
    }
});
