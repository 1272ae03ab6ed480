//! A reactor that makes a slug of its payload, as for the address of a page.
mod hairspring;

#[no_mangle]
pub extern "C" fn hairspring_message() -> i32 {
    let title = match String::from_utf8(hairspring::data()) {
        Ok(title) => title,
        Err(_) => return 1,
    };
    let mut slug = String::new();
    for word in title.split(|symbol: char| !symbol.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().flat_map(char::to_lowercase));
    }
    hairspring::reply(slug.as_bytes());
    0
}
