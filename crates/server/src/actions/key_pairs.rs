//! Key pairs: names for keys. No key opens an instance here, so that the private one is a text that says so.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{ActionEntry, XmlStep};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, tag_values};
use crate::ids::IdKind;
use crate::key_pairs::{KeyPair, PublicKey, unknown_pair};
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 4] = [
    ActionEntry {
        name: "CreateKeyPair",
        honoured: &[
            "KeyName",
            "KeyType",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &["KeyFormat"],
        begin: create,
    },
    ActionEntry {
        name: "ImportKeyPair",
        honoured: &[
            "KeyName",
            "PublicKeyMaterial",
            "TagSpecification.N.ResourceType",
            "TagSpecification.N.Tag.N.Key",
            "TagSpecification.N.Tag.N.Value",
        ],
        without_effect: &[],
        begin: import,
    },
    ActionEntry {
        name: "DescribeKeyPairs",
        honoured: &["KeyName.N", "KeyPairId.N", "Filter.N.Name", "Filter.N.Value.N", "IncludePublicKey"],
        without_effect: &[],
        begin: describe,
    },
    ActionEntry {
        name: "DeleteKeyPair",
        honoured: &["KeyName", "KeyPairId"],
        without_effect: &[],
        begin: delete,
    },
];

/// Material of a private key.
const MATERIAL: &str = "-----BEGIN RSA PRIVATE KEY-----\nbm8gaW5zdGFuY2Ugb2YgYSBtb2RlbCBpcyByZWFjaGVkIHdpdGggYSBrZXk=\n-----END RSA PRIVATE KEY-----";

/// The longest name \[characters\] (`CreateKeyPair`, "KeyName", botocore 1.44.8: "Up to 255 ASCII characters").
const LONGEST_NAME: usize = 255;

fn new_name(params: &Params) -> Result<String, ApiError> {
    let name = params.required("KeyName")?;
    if name.len() > LONGEST_NAME || !name.is_ascii() {
        return Err(ApiError::invalid("KeyName", name, "up to 255 ASCII characters"));
    }
    Ok(name.to_string())
}

fn create(_: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    // `CreateKeyPair`, "KeyType", botocore 1.44.8: "Default: rsa".
    let kind = match params.get("KeyType").unwrap_or("rsa") {
        "rsa" => "rsa",
        "ed25519" => "ed25519",
        other => return Err(ApiError::invalid("KeyType", other, "rsa or ed25519")),
    };
    add(caller, params, kind, None)
}

fn import(_: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let material = params.required("PublicKeyMaterial")?;
    let text = BASE64_STANDARD.decode(material).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.unwrap_or_default();
    // Code and message as EC2 answers (github.com/aws/aws-sdk-go/issues/176, read 2026-11).
    let key = PublicKey::read(&text).ok_or_else(|| {
        ApiError::client("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
    })?;
    add(caller, params, key.kind, Some(key))
}

/// Returns the step that adds a key pair.
fn add(caller: Caller, params: &Params, kind: &'static str, public_key: Option<PublicKey>) -> XmlStep {
    let name = new_name(params)?;
    let tags = super::launch::tags_of(params, "key-pair")?;
    Ok(ActionStep::Label(Box::new(move |model| {
        let now = model.now();
        let added = model.key_pairs.add((caller.account, &name), kind, now, public_key);
        let Some(pair) = added.cloned() else {
            let message = format!("The keypair '{name}' already exists.");
            return Err(ApiError::client("InvalidKeyPair.Duplicate", message));
        };
        let id = model.id(IdKind::KeyPair, pair.number);
        model.labels.set_tags(caller.account, &id, tags);
        Ok(Xml::fragment(|xml| {
            xml.text("keyName", &name);
            xml.text("keyFingerprint", &pair.fingerprint);
            if pair.public_key.is_none() {
                xml.text("keyMaterial", MATERIAL);
            }
            xml.text("keyPairId", &id);
            render::tags(xml, &model.labels.of(caller.account, &id).tags);
        }))
    })))
}

fn delete(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let name = match (params.get("KeyName"), params.get("KeyPairId")) {
        (Some(name), _) => Some(name.to_string()),
        (None, Some(id)) => {
            let number = model.read_id(IdKind::KeyPair, id).ok();
            let found = number.and_then(|number| model.key_pairs.numbered(caller.account, number));
            found.map(|(name, _)| name.to_string())
        }
        (None, None) => return Err(ApiError::missing("KeyName")),
    };
    Ok(ActionStep::Label(Box::new(move |model| {
        // One that does not exist is deleted too: EC2 answers so.
        let gone = name.and_then(|name| model.key_pairs.remove(caller.account, &name));
        let id = gone.map(|pair| model.id(IdKind::KeyPair, pair.number));
        if let Some(id) = &id {
            model.labels.forget(caller.account, id);
        }
        Ok(Xml::fragment(|xml| {
            xml.text("return", true);
            xml.maybe("keyPairId", id);
        }))
    })))
}

const FILTERS: &[&str] = &["key-name", "key-pair-id", "fingerprint", "tag:", "tag-key"];

fn describe(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, FILTERS)?;
    let with_key = params.flag("IncludePublicKey")?.unwrap_or(false);
    let (names, ids) = (params.list("KeyName"), params.list("KeyPairId"));
    let shown = |pair: &KeyPair| model.id(IdKind::KeyPair, pair.number);
    let mut asked: BTreeMap<&str, &KeyPair> = match names.is_empty() && ids.is_empty() {
        true => model.key_pairs.of_account(caller.account).collect(),
        false => {
            let of_name =
                |name: &&str| model.key_pairs.named(caller.account, name).ok_or_else(|| unknown_pair(name));
            let of_id = |id: &&str| {
                let number = model.read_id(IdKind::KeyPair, id).ok();
                let found = number.and_then(|number| model.key_pairs.numbered(caller.account, number));
                found.ok_or_else(|| unknown_pair(id))
            };
            names.iter().map(of_name).chain(ids.iter().map(of_id)).collect::<Result<_, ApiError>>()?
        }
    };
    asked.retain(|name, pair| {
        filters.keep(|filter| match filter {
            "key-name" => vec![name.to_string()],
            "key-pair-id" => vec![shown(pair)],
            "fingerprint" => vec![pair.fingerprint.clone()],
            filter => tag_values(filter, &model.labels.of(caller.account, &shown(pair)).tags),
        })
    });
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("keySet", asked, |xml, (name, pair)| {
            let id = shown(pair);
            xml.text("keyPairId", &id);
            xml.text("keyName", name);
            xml.text("keyType", pair.kind);
            xml.text("keyFingerprint", &pair.fingerprint);
            xml.text("createTime", model.date_time(pair.created));
            xml.maybe("publicKey", pair.public_key.as_deref().filter(|_| with_key));
            render::tags(xml, &model.labels.of(caller.account, &id).tags);
        });
    })))
}
