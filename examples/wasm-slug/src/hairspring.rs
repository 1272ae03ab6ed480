//! The imports of Hairspring's reactor ABI, version 1. docs/wasm.md describes them.
#![allow(dead_code)]

mod raw {
    #[link(wasm_import_module = "hairspring_v1")]
    extern "C" {
        pub fn subject_read(buffer: *mut u8, room: usize) -> i32;
        pub fn data_read(buffer: *mut u8, room: usize) -> i32;
        pub fn param_read(name: *const u8, length: usize, buffer: *mut u8, room: usize) -> i32;
        pub fn header_read(name: *const u8, length: usize, buffer: *mut u8, room: usize) -> i32;
        pub fn env_read(name: *const u8, length: usize, buffer: *mut u8, room: usize) -> i32;
        pub fn deadline_ms() -> i64;
        pub fn reply_write(text: *const u8, length: usize);
        pub fn reply_header(name: *const u8, name_length: usize, value: *const u8, value_length: usize);
        pub fn log(level: u32, text: *const u8, length: usize);
        pub fn call(
            binding: *const u8, binding_length: usize, op: *const u8, op_length: usize,
            args: *const u8, args_length: usize, payload: *const u8, payload_length: usize,
        ) -> i32;
        pub fn result_value(buffer: *mut u8, room: usize) -> i32;
        pub fn result_data(buffer: *mut u8, room: usize) -> i32;
    }
}

pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// What a host service answered: its value as JSON, and its bytes where it has some.
pub struct Answer {
    pub value: String,
    pub data: Option<Vec<u8>>,
}

fn read(ask: impl Fn(*mut u8, usize) -> i32) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 256];
    loop {
        let length = ask(bytes.as_mut_ptr(), bytes.len());
        if length < 0 {
            return None;
        }
        let fits = length as usize <= bytes.len();
        bytes.resize(length as usize, 0);
        if fits {
            return Some(bytes);
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn subject() -> String {
    text(read(|buffer, room| unsafe { raw::subject_read(buffer, room) }).unwrap_or_default())
}

/// The payload of the message.
pub fn data() -> Vec<u8> {
    read(|buffer, room| unsafe { raw::data_read(buffer, room) }).unwrap_or_default()
}

/// A capture of the subject; `None` when the trigger has none of that name.
pub fn param(name: &str) -> Option<String> {
    read(|buffer, room| unsafe { raw::param_read(name.as_ptr(), name.len(), buffer, room) }).map(text)
}

/// The first value of a header.
pub fn header(name: &str) -> Option<String> {
    read(|buffer, room| unsafe { raw::header_read(name.as_ptr(), name.len(), buffer, room) }).map(text)
}

/// A value of the Nexfile's environment.
pub fn environment(name: &str) -> Option<String> {
    read(|buffer, room| unsafe { raw::env_read(name.as_ptr(), name.len(), buffer, room) }).map(text)
}

/// When the caller gives up, in milliseconds since the epoch.
pub fn deadline_ms() -> i64 {
    unsafe { raw::deadline_ms() }
}

/// Appends to the reply.
pub fn reply(bytes: &[u8]) {
    unsafe { raw::reply_write(bytes.as_ptr(), bytes.len()) }
}

pub fn reply_header(name: &str, value: &str) {
    unsafe { raw::reply_header(name.as_ptr(), name.len(), value.as_ptr(), value.len()) }
}

pub fn log(level: Level, line: &str) {
    unsafe { raw::log(level as u32, line.as_ptr(), line.len()) }
}

/// Calls a host service and waits. `args` is a JSON array.
/// The error is JSON: `{"code", "message", "retryable"}`.
pub fn call(binding: &str, op: &str, args: &str, payload: &[u8]) -> Result<Answer, String> {
    let failed = unsafe {
        raw::call(
            binding.as_ptr(), binding.len(), op.as_ptr(), op.len(),
            args.as_ptr(), args.len(), payload.as_ptr(), payload.len(),
        )
    } != 0;
    let value = text(read(|buffer, room| unsafe { raw::result_value(buffer, room) }).unwrap_or_default());
    if failed {
        return Err(value);
    }
    Ok(Answer { value, data: read(|buffer, room| unsafe { raw::result_data(buffer, room) }) })
}
