//! Functions that ask the places that keep secrets. What they give is sensitive.

use super::{Function, FunctionCx, FunctionError, Param, returns_string, text};
use crate::secret_store::SecretRequest;
use crate::value::{Marks, Type, Value};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "aws_secretsmanager",
            "`aws_secretsmanager(name, key)`: one key of a secret in AWS Secrets Manager whose text is JSON, or its only one if the key is null; a text that is not JSON as it is; `aws_secretsmanager(\"app\", \"password\")` is `\"hush\"`",
            returns_string,
            |cx, args| {
                let key = args.get(1).and_then(Value::as_str).filter(|key| !key.is_empty());
                let key = key.map(str::to_owned);
                ask(cx, SecretRequest::Aws { name: name(args)?, key })
            },
        )
        .takes("name", Type::String)
        .takes_param(Param::new("key", Type::String).nullable())
        .fails("there is no such secret, it has several keys and none is given, the value is neither text nor a number, or AWS refuses or cannot be reached"),
        Function::new(
            "aws_secretsmanager_raw",
            "`aws_secretsmanager_raw(name)`: the whole text of a secret in AWS Secrets Manager; `aws_secretsmanager_raw(\"app\")` is `\"hush\"`",
            returns_string,
            |cx, args| ask(cx, SecretRequest::AwsRaw { name: name(args)? }),
        )
        .takes("name", Type::String)
        .fails("there is no such secret, it is not text, or AWS refuses or cannot be reached"),
        Function::new(
            "consul_key",
            "`consul_key(key)`: the value of a key in Consul; `consul_key(\"app/password\")` is `\"hush\"`",
            returns_string,
            |cx, args| ask(cx, SecretRequest::Consul { key: name(args)? }),
        )
        .takes("key", Type::String)
        .fails("there is no such key, its value is empty, or Consul refuses or cannot be reached"),
        Function::new(
            "vault",
            "`vault(path, key)`: one key of a secret in HashiCorp's Vault; `vault(\"secret/data/app\", \"password\")` is `\"hush\"`",
            returns_string,
            |cx, args| {
                ask(cx, SecretRequest::Vault { path: name(args)?, key: text(args, 1)?.to_owned() })
            },
        )
        .takes("path", Type::String)
        .takes("key", Type::String)
        .fails("`VAULT_TOKEN` is not set, there is no such secret or key, the value is not text, or Vault refuses or cannot be reached"),
    ]
}

/// What the first argument calls the secret.
fn name(args: &[Value]) -> Result<String> {
    match text(args, 0)? {
        "" => Err(FunctionError::argument(0, "it must not be empty")),
        name => Ok(name.to_owned()),
    }
}

fn ask(cx: &FunctionCx<'_>, wanted: SecretRequest) -> Result {
    let answer = cx.system.secret_stores().ask(&wanted).map_err(FunctionError::new)?;
    let value = answer.map_or_else(|| Value::unknown(Type::String), Value::from);
    Ok(value.with_marks(Marks::SENSITIVE))
}
