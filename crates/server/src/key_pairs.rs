//! Key pairs: names that clients give to keys, with which nothing can be reached here.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plimsoll_base::units::{AccountId, Time};
use sha2::{Digest, Sha256};

use crate::api_error::ApiError;

/// Key pair of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPair {
    /// Number, in the order of creation.
    pub number: u32,
    /// Type, `rsa` or `ed25519`.
    pub kind: &'static str,
    /// Time at which it was created or imported.
    pub created: Time,
    /// Public key, as it was imported; `None` for one that was created.
    pub public_key: Option<String>,
    /// Fingerprint: the SHA-256 digest in base64. EC2 has others for RSA (EC2 API reference, `KeyPairInfo`, "keyFingerprint", read
    /// 2026-11: SHA-1 of the private key, or MD5 of the public one).
    pub fingerprint: String,
}

/// Key pairs of all accounts.
#[derive(Debug, Default)]
pub struct KeyPairs {
    pairs: BTreeMap<(AccountId, String), KeyPair>,
    /// Names of the pairs that there are, by account and number.
    names: BTreeMap<(AccountId, u32), String>,
    made: u32,
}

impl KeyPairs {
    /// Adds a key pair, unless the account has one of this name.
    pub fn add(
        &mut self,
        (account, name): (AccountId, &str),
        kind: &'static str,
        created: Time,
        public_key: Option<PublicKey>,
    ) -> Option<&KeyPair> {
        let key = (account, name.to_string());
        if self.pairs.contains_key(&key) {
            return None;
        }
        let number = self.made;
        self.made += 1;
        self.names.insert((account, number), name.to_string());
        let made = || format!("key {number} of account {}", account.0).into_bytes();
        let digest = Sha256::digest(public_key.as_ref().map_or_else(made, |key| key.blob.clone()));
        let fingerprint = BASE64_STANDARD.encode(digest);
        let pair = KeyPair { number, kind, created, public_key: public_key.map(|key| key.text), fingerprint };
        Some(self.pairs.entry(key).or_insert(pair))
    }

    /// Removes a key pair; returns it if there was one.
    pub fn remove(&mut self, account: AccountId, name: &str) -> Option<KeyPair> {
        let removed = self.pairs.remove(&(account, name.to_string()));
        if let Some(pair) = &removed {
            self.names.remove(&(account, pair.number));
        }
        removed
    }

    /// Returns the key pair of a name.
    pub fn named(&self, account: AccountId, name: &str) -> Option<(&str, &KeyPair)> {
        let found = self.pairs.get_key_value(&(account, name.to_string()));
        found.map(|((_, name), pair)| (name.as_str(), pair))
    }

    /// Returns the key pair of a number.
    pub fn numbered(&self, account: AccountId, number: u32) -> Option<(&str, &KeyPair)> {
        self.names.get(&(account, number)).and_then(|name| self.named(account, name))
    }

    /// Returns the key pairs of an account, by name.
    pub fn of_account(&self, account: AccountId) -> impl Iterator<Item = (&str, &KeyPair)> {
        let from = self.pairs.range((account, String::new())..);
        let own = from.take_while(move |((of, _), _)| *of == account);
        own.map(|((_, name), pair)| (name.as_str(), pair))
    }

    /// Returns whether a launch of an account may name a key: one that it has, or any while it has none.
    pub fn allows(&self, account: AccountId, name: &str) -> bool {
        self.pairs.contains_key(&(account, name.to_string())) || self.of_account(account).next().is_none()
    }
}

/// Returns the error of a key pair that the account has not (EC2 API reference, "Error codes", read 2026-11).
pub fn unknown_pair(name: &str) -> ApiError {
    ApiError::client("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist"))
}

/// Public key that was imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    /// Type, `rsa` or `ed25519`.
    pub kind: &'static str,
    /// Key as SSH sends it.
    blob: Vec<u8>,
    /// Text that was imported.
    text: String,
}

impl PublicKey {
    /// Reads a key in the form of OpenSSH, or in that of RFC 4716 (section 3); `None` for anything else.
    pub fn read(text: &str) -> Option<PublicKey> {
        let text = text.trim();
        let encoded = match text.strip_prefix("---- BEGIN SSH2 PUBLIC KEY ----") {
            Some(rest) => {
                let lines = rest.strip_suffix("---- END SSH2 PUBLIC KEY ----")?.lines();
                // A header has a colon; one that ends with a backslash goes on in the next line.
                let mut goes_on = false;
                let is_of_key = |line: &&str| {
                    let is_header = goes_on || line.contains(':');
                    goes_on = is_header && line.ends_with('\\');
                    !is_header
                };
                lines.filter(is_of_key).collect()
            }
            None => text.split_whitespace().nth(1)?.to_string(),
        };
        let blob = BASE64_STANDARD.decode(encoded.trim()).ok()?;
        // RFC 4253, section 6.6: a key begins with its type, which has its length before it.
        let length = u32::from_be_bytes(blob.first_chunk().copied()?) as usize;
        let kind = match blob.get(4..4 + length)? {
            b"ssh-rsa" => "rsa",
            b"ssh-ed25519" => "ed25519",
            _ => return None,
        };
        Some(PublicKey { kind, blob, text: text.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once_and_binds_launches_from_then_on() {
        let mut pairs = KeyPairs::default();
        let (own, other) = (AccountId(1), AccountId(2));
        assert!(pairs.allows(own, "any"));
        assert_eq!(pairs.add((own, "mine"), "rsa", Time::ZERO, None).unwrap().number, 0);
        assert!(pairs.add((own, "mine"), "rsa", Time::ZERO, None).is_none());
        assert!(pairs.add((other, "mine"), "rsa", Time::ZERO, None).is_some());
        assert!(pairs.allows(own, "mine") && !pairs.allows(own, "any"));
        assert_eq!(pairs.numbered(own, 0).map(|(name, _)| name), Some("mine"));
        assert_eq!(
            (pairs.numbered(own, 1), pairs.numbered(other, 0)),
            (None, None),
            "each is of its account"
        );
        assert!(pairs.remove(own, "mine").is_some() && pairs.remove(own, "mine").is_none());
        assert!(pairs.allows(own, "any"));
        assert_eq!((pairs.numbered(own, 0), pairs.named(own, "mine")), (None, None));
        assert_eq!(
            pairs.add((own, "mine"), "rsa", Time::ZERO, None).unwrap().number,
            2,
            "numbers are not used again"
        );
    }

    #[test]
    fn a_fingerprint_is_that_of_the_key_whatever_its_name() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me@here";
        let same = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"a\\\n key\"\nAAAAC3NzaC1lZDI1\nNTE5AAAAIA==\n---- END SSH2 PUBLIC KEY ----";
        let mut pairs = KeyPairs::default();
        let mut print = |name: &str, key: Option<&str>| {
            let key = key.map(|text| PublicKey::read(text).unwrap());
            pairs.add((AccountId(0), name), "ed25519", Time::ZERO, key).unwrap().fingerprint.clone()
        };
        assert_eq!(print("a", Some(key)), print("b", Some(same)));
        assert_ne!(print("c", None), print("d", None));
        assert_eq!(PublicKey::read("ssh-rsa AAAAB3NzaC1yc2EAAA== x").unwrap().kind, "rsa");
        for wrong in [
            "",
            "ssh-rsa",
            "ssh-rsa !",
            "ssh-rsa AAAA",
            "ssh-dss AAAAB3NzaC1kc3MA",
            "-----BEGIN PUBLIC KEY-----",
        ] {
            assert_eq!(PublicKey::read(wrong), None, "{wrong}");
        }
    }
}
