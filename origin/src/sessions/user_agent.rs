//! What a user agent tells of the program and the device that it is of.

use std::sync::LazyLock;

use isbot::Bots;
use woothee::parser::Parser;

/// The most characters of a name and of a version that are kept.
const MAX_NAME_CHARS: usize = 50;
const MAX_VERSION_CHARS: usize = 32;

/// What a user agent tells; all of it is the client's own word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// The browser's name.
    pub browser: Option<String>,
    /// Its version.
    pub browser_version: Option<String>,
    /// The operating system's name.
    pub os: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
    /// `phone`, `tablet` or `desktop`.
    pub device_type: Option<&'static str>,
}

/// Programs that the library takes for the browser engine inside them, or does not know.
const BROWSERS: &[(&str, &str)] = &[("MicroMessenger/", "WeChat")];
/// The same of operating systems.
const SYSTEMS: &[(&str, &str)] = &[("OpenHarmony ", "HarmonyOS")];

/// Reads a user agent.
#[must_use]
pub fn parse(text: &str) -> UserAgent {
    let known = Parser::new().parse(text).unwrap_or_default();
    let (browser, browser_version) =
        named(text, BROWSERS).unwrap_or_else(|| (word(known.name), version(known.version)));
    let (os, os_version) = named(text, SYSTEMS).unwrap_or_else(|| match known.os {
        "iPhone" | "iPod" => (word("iOS"), version(&known.os_version)),
        "iPad" => (word("iPadOS"), version(&known.os_version)),
        "Mac OSX" => (word("macOS"), version(&known.os_version)),
        // It counts editions as systems of their own, and their versions as those of the kernel.
        os => match os.strip_prefix("Windows ").filter(|_| !os.contains("Phone")) {
            Some(edition) => (word("Windows"), version(edition)),
            None => (word(os), version(&known.os_version)),
        },
    });
    let device_type = match known.category {
        _ if text.contains("(Tablet;") || known.os == "iPad" => Some("tablet"),
        _ if text.contains("(Phone;") => Some("phone"),
        "smartphone" if known.os == "Android" && !text.contains("Mobile") => Some("tablet"),
        "smartphone" | "mobilephone" => Some("phone"),
        "pc" => Some("desktop"),
        _ => None,
    };
    UserAgent { browser, browser_version, os, os_version, device_type }
}

/// Whether it is the user agent of a program that nobody sits before: a script, a crawler, a browser
/// without a window. None at all is no browser's either.
#[must_use]
pub fn is_automated(text: Option<&str>) -> bool {
    static PROGRAMS: LazyLock<Bots> = LazyLock::new(|| {
        let mut programs = Bots::default();
        // Apps of phones send this one.
        programs.remove(&["okhttp"]);
        programs.append(&["^node", "undici", "^reqwest/", "headless", "selenium", "playwright"]);
        programs
    });
    text.is_none_or(|text| text.trim().is_empty() || PROGRAMS.is_bot(text))
}

/// The first of `names` whose mark is in the text, and the version after the mark.
fn named(text: &str, names: &[(&str, &str)]) -> Option<(Option<String>, Option<String>)> {
    names.iter().find_map(|(mark, name)| {
        let (_, rest) = text.split_once(mark)?;
        Some((word(name), version(rest)))
    })
}

fn word(text: &str) -> Option<String> {
    let is_known = !text.is_empty() && text != "UNKNOWN";
    is_known.then(|| text.chars().take(MAX_NAME_CHARS).collect())
}

/// The number that a text begins with: `8.0.47` of `8.0.47(0x18002f2f)`.
fn version(text: &str) -> Option<String> {
    let number: String = text
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .take(MAX_VERSION_CHARS)
        .collect();
    let number = number.trim_end_matches('.');
    (!number.is_empty()).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPHONE_WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.47(0x18002f2f) NetType/WIFI Language/zh_CN";
    const ANDROID_MINI_PROGRAM: &str = "Mozilla/5.0 (Linux; Android 13; V2232A Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MMWEBID/6163 MicroMessenger/8.0.47.2560(0x28002F51) WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64 MiniProgramEnv/android";
    const WINDOWS_MINI_PROGRAM: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat/WMPF WindowsWechat(0x63090a13) XWEB/8555";
    const HARMONY_WECHAT: &str = "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile MicroMessenger/8.0.1";
    const HEADLESS: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36";

    #[test]
    fn browsers_systems_and_devices_are_told_apart() {
        for (agent, browser, os, device_type) in [
            (IPHONE_WECHAT, "WeChat 8.0.47", "iOS 17.3.1", "phone"),
            (ANDROID_MINI_PROGRAM, "WeChat 8.0.47.2560", "Android 13", "phone"),
            (WINDOWS_MINI_PROGRAM, "WeChat 7.0.20.1781", "Windows 10", "desktop"),
            (HARMONY_WECHAT, "WeChat 8.0.1", "HarmonyOS 5.0", "phone"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari 17.5",
                "iOS 17.5",
                "phone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari 17.5",
                "iPadOS 17.5",
                "tablet",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                "Chrome 126.0.0.0",
                "Android 10",
                "phone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "Chrome 126.0.0.0",
                "Android 13",
                "tablet",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                "Edge 126.0.0.0",
                "Windows 10",
                "desktop",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                "Safari 17.5",
                "macOS 10.15.7",
                "desktop",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
                "Firefox 134.0",
                "Linux -",
                "desktop",
            ),
            ("MicroMessenger/8.0", "WeChat 8.0", "- -", "-"),
            ("curl/8.5.0", "HTTP Library -", "- -", "-"),
            ("Mozilla/5.0", "- -", "- -", "-"),
            ("", "- -", "- -", "-"),
        ] {
            let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
            let read = parse(agent);
            let shown = (
                format!("{} {}", of(&read.browser), of(&read.browser_version)),
                format!("{} {}", of(&read.os), of(&read.os_version)),
                read.device_type.unwrap_or("-"),
            );
            assert_eq!(shown, (browser.to_owned(), os.to_owned(), device_type), "{agent}");
        }
    }

    #[test]
    fn what_is_kept_of_a_hostile_agent_fits_its_columns() {
        for agent in [
            format!("MicroMessenger/{}", "9".repeat(500)),
            "好".repeat(512),
            format!("Mozilla/5.0 (Windows {}", "(;".repeat(240)),
            "Chrome/".repeat(73),
        ] {
            let read = parse(&agent);
            let chars = |text: Option<String>| text.map_or(0, |text| text.chars().count());
            assert!(chars(read.browser).max(chars(read.os)) <= MAX_NAME_CHARS, "{agent}");
            let versions = chars(read.browser_version).max(chars(read.os_version));
            assert!(versions <= MAX_VERSION_CHARS, "{agent}");
        }
    }

    #[test]
    fn programs_are_told_from_people() {
        for program in [
            "",
            " ",
            "curl/8.5.0",
            "Wget/1.21",
            "python-requests/2.31.0",
            "Go-http-client/1.1",
            "axios/1.6.0",
            "node-fetch",
            "node",
            "reqwest/0.12",
            "Java/17.0.1",
            "PostmanRuntime/7.36",
            "Scrapy/2.11 (+https://scrapy.org)",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            HEADLESS,
        ] {
            assert!(is_automated(Some(program)), "{program}");
        }
        assert!(is_automated(None));
        for person in [
            IPHONE_WECHAT,
            ANDROID_MINI_PROGRAM,
            WINDOWS_MINI_PROGRAM,
            HARMONY_WECHAT,
            "okhttp/4.12.0",
            "MyApp/3.2 CFNetwork/1490.0.4 Darwin/23.2.0",
            "Dalvik/2.1.0 (Linux; U; Android 12; M2007J3SC)",
            "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
            "mini_program",
            "web",
        ] {
            assert!(!is_automated(Some(person)), "{person}");
        }
    }
}
