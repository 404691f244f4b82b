//! `http`: fetches a page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cooper_build::component::{Config, DataSource, DataSourceKind, ResultAttribute};
use cooper_build::{Failure, choices, component_config};
use cooper_hcl::value::Marks;
use cooper_hcl::{Code, Diagnostic, Reported, System, Type, Value};
use cooper_web::redirect::{MOST_REDIRECTS, is_same_host, redirected};
use cooper_web::tls::Trust;
use cooper_web::{client, trouble};
use futures::future::BoxFuture;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, StatusCode, Url};

use crate::arguments::refuse;
use crate::kind::Kind;

component_config! {
    /// Fetches a page of text.
    struct Arguments {
        /// The page's address. Required. Up to 10 redirects are followed; another host gets neither
        /// headers nor body. A page may have 16 MiB of text in UTF-8, and take ten minutes. Proxies are
        /// those of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
        url: Option<String>,
        /// How to ask; `GET` when absent.
        method: Option<RequestMethod>,
        /// The headers to send.
        request_headers: BTreeMap<String, String>,
        /// What to send.
        request_body: Option<String>,
    }
}

choices! {
    /// How to ask a server.
    enum RequestMethod: "method" {
        Get = "GET",
        Head = "HEAD",
        Post = "POST",
        Put = "PUT",
        Delete = "DELETE",
        Options = "OPTIONS",
        Patch = "PATCH",
    }
}

impl From<RequestMethod> for Method {
    fn from(method: RequestMethod) -> Self {
        match method {
            RequestMethod::Get => Self::GET,
            RequestMethod::Head => Self::HEAD,
            RequestMethod::Post => Self::POST,
            RequestMethod::Put => Self::PUT,
            RequestMethod::Delete => Self::DELETE,
            RequestMethod::Options => Self::OPTIONS,
            RequestMethod::Patch => Self::PATCH,
        }
    }
}

/// Headers that say how a request is sent, which is not the template's business.
const OWN_HEADERS: &[&str] = &["host", "content-length", "transfer-encoding", "trailer"];

/// What a request may take.
#[derive(Clone, Copy)]
struct Limits {
    /// To reach the server.
    connect: Duration,
    /// Without a single byte.
    idle: Duration,
    /// With everything.
    total: Duration,
    /// Bytes of a page.
    body: usize,
}

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(30),
    idle: Duration::from_secs(60),
    total: Duration::from_secs(600),
    body: 16 << 20,
};

/// The kind of data source called `http`.
pub(crate) fn kind() -> impl DataSourceKind {
    let headers = || Type::map(Type::String);
    Kind::new(prepare).with_result(vec![
        ResultAttribute {
            name: "url".into(),
            ty: Type::String,
            doc: "The address that was given.".into(),
        },
        ResultAttribute { name: "body".into(), ty: Type::String, doc: "The page's text.".into() },
        ResultAttribute {
            name: "response_headers".into(),
            ty: headers(),
            doc: "The headers of the answer, named as in `Content-Type`; several of one name are \
                  joined by `, `. Packer does not have this attribute."
                .into(),
        },
        ResultAttribute {
            name: "request_headers".into(),
            ty: headers(),
            doc: "The same: the name that Packer gives the headers of the answer.".into(),
        },
    ])
}

/// A request, ready to be sent.
struct Http {
    /// As it was given.
    address: Value,
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Option<String>,
    limits: Limits,
    system: Arc<dyn System>,
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Http, Reported> {
    let url = url(config, arguments.url.as_deref().unwrap_or_default());
    let mut headers = HeaderMap::new();
    let mut sound = Ok(());
    for (name, value) in &arguments.request_headers {
        match header(name, value) {
            Ok((name, _)) if OWN_HEADERS.contains(&name.as_str()) => {
                let message =
                    format!("the header `{name}` is not sent: it follows from the request");
                let warning = Diagnostic::warning(Code::NoEffect, message);
                let place = config.place("request_headers");
                config.diags.warn(warning.at(place, "").help("remove it"));
            }
            Ok((name, value)) => {
                headers.insert(name, value);
            }
            Err(message) => {
                let help = "a header's name is a word, and its value one line";
                sound = Err(refuse(config, Code::InvalidValue, "request_headers", message, help));
            }
        }
    }
    let (url, ()) = (url?, sound?);
    Ok(Http {
        address: Value::string(arguments.url.unwrap_or_default()).with_marks(config.marks("url")),
        url,
        method: arguments.method.map_or(Method::GET, Method::from),
        headers,
        body: arguments.request_body.filter(|body| !body.is_empty()),
        limits: LIMITS,
        system: config.system.clone(),
    })
}

fn url(config: &Config<'_>, text: &str) -> Result<Url, Reported> {
    const HELP: &str = "write a whole address, such as `\"https://example.com/page\"`";
    if text.is_empty() {
        let message = "the argument `url` is required";
        return Err(refuse(config, Code::MissingArgument, "url", message, HELP));
    }
    // The text may hold a password, so it is not repeated.
    let refuse = |message: String| refuse(config, Code::InvalidValue, "url", message, HELP);
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => {
            Err(refuse(format!("`url` begins with `{}:`, and not with `https:`", url.scheme())))
        }
        Err(cause) => Err(refuse(format!("`url` is no address: {cause}"))),
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let shown = name.escape_debug();
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{shown}` cannot be the name of a header"))?;
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| format!("the value of the header `{shown}` cannot be sent"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

impl DataSource for Http {
    fn read(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async {
            let total = self.limits.total;
            tokio::time::timeout(total, self.fetch()).await.unwrap_or_else(|_| {
                Err(Failure::new(format!("it takes longer than {} seconds", total.as_secs())))
            })
        })
    }
}

impl Http {
    async fn fetch(&self) -> Result<Value, Failure> {
        let client = client(&self.limits, &*self.system)?;
        let mut url = self.url.clone();
        let mut method = self.method.clone();
        let (mut headers, mut body) = (self.headers.clone(), self.body.clone());
        for _ in 0..=MOST_REDIRECTS {
            let request = client.request(method.clone(), url.clone()).headers(headers.clone());
            let request = match &body {
                Some(body) => request.body(body.clone()),
                None => request,
            };
            let response = request.send().await.map_err(|error| self.trouble(error))?;
            let next = redirected(&response).map_err(|error| Failure::new(error.to_string()))?;
            let Some(next) = next else { return self.answer(response).await };
            let keeps_method =
                matches!(response.status().as_u16(), 307 | 308) || method == Method::HEAD;
            if !keeps_method {
                method = Method::GET;
                body = None;
            }
            if !is_same_host(&url, &next) {
                // Either may hold what only the first host is to know.
                headers.clear();
                if body.is_some() {
                    let host = next.host_str().unwrap_or_default();
                    let failure =
                        Failure::new(format!("the server wants the body sent to `{host}` instead"));
                    return Err(failure.help("if that is right, use that address as `url`"));
                }
            }
            url = next;
        }
        Err(Failure::new(format!("there are more than {MOST_REDIRECTS} redirects")))
    }

    async fn answer(&self, mut response: Response) -> Result<Value, Failure> {
        let status = response.status();
        if !status.is_success() {
            let failure =
                Failure::new(format!("HTTP request error. Response code: {}", status.as_u16()));
            return Err(match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    failure.help("the server wants credentials: see `request_headers`")
                }
                StatusCode::NOT_FOUND => failure.help("check `url`"),
                status if status.is_server_error() => failure.help("try again later"),
                _ => failure,
            });
        }
        let most = self.limits.body;
        let too_large = || {
            let failure = Failure::new(format!("the page is larger than {} MiB", most >> 20));
            failure.help("fetch large files in a step of the build")
        };
        if self.method != Method::HEAD
            && response.content_length().is_some_and(|length| length > most as u64)
        {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.trouble(error))? {
            if body.len() + part.len() > most {
                return Err(too_large());
            }
            body.extend_from_slice(&part);
        }
        let text = String::from_utf8(body).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = format!("the page is not text in UTF-8: byte {at} begins no character");
            let failure = Failure::new(message);
            match response.headers().get(CONTENT_ENCODING) {
                Some(_) => failure.help("the server compresses it, without being asked to"),
                None => failure.help("fetch other files in a step of the build"),
            }
        })?;
        let headers = Value::map(Type::String, shown(response.headers()));
        Ok(Value::object([
            ("url", self.address.clone()),
            ("body", Value::string(text)),
            ("response_headers", headers.clone()),
            ("request_headers", headers),
        ]))
    }

    /// What went wrong on the way, without the address, which may hold a password.
    fn trouble(&self, error: reqwest::Error) -> Failure {
        let Limits { connect, idle, .. } = self.limits;
        let host = self.url.host_str().unwrap_or_default();
        let is_secret = self.address.marks() != Marks::NONE;
        let what = if is_secret { "the server".to_owned() } else { format!("`{host}`") };
        if error.is_timeout() {
            let time = if error.is_connect() { connect } else { idle };
            let failure = Failure::new(format!("{what} does not answer for {time:?}"));
            return failure.help("check that it can be reached from here, or through a proxy");
        }
        let message = match error.is_connect() {
            true => format!("cannot reach {what}"),
            false => format!("cannot talk to {what}"),
        };
        let causes = trouble::causes(error);
        let failure = causes.into_iter().fold(Failure::new(message), Failure::caused_by);
        failure.help("check `url`, and `HTTPS_PROXY` if there is a proxy")
    }
}

/// Headers by their names, as Go writes those.
fn shown(headers: &HeaderMap) -> BTreeMap<Arc<str>, Value> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        all.entry(canonical(name.as_str()))
            .and_modify(|before| {
                before.push_str(", ");
                before.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    all.into_iter().map(|(name, value)| (name.into(), Value::string(value))).collect()
}

/// `content-type` as `Content-Type`.
fn canonical(name: &str) -> String {
    let mut begins = true;
    let letter = |letter: char| {
        let shown = if begins { letter.to_ascii_uppercase() } else { letter };
        begins = letter == '-';
        shown
    };
    name.chars().map(letter).collect()
}

fn client(limits: &Limits, system: &dyn System) -> Result<Client, Failure> {
    let builder = client::builder(Trust::System, |name| system.env(name));
    let builder = builder.map_err(|error| Failure::because("cannot set up TLS", &error))?;
    let client = builder.connect_timeout(limits.connect).read_timeout(limits.idle).build();
    client.map_err(|error| Failure::because("cannot make an HTTP client", &error))
}

#[cfg(test)]
mod tests;
