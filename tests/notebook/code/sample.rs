#![allow(dead_code)]
//! crate text
use std::{collections::HashMap, io::{self, Read}};
/// A point.
#[derive(Debug, Clone)]
pub struct Punkt<'a, T: Copy + 'a> where T: Default { pub(crate) x: T, name: &'a str }
impl<'a, T> Punkt<'a, T> { pub const fn neu(x: T) -> Self { Self { x, name: "n\u{e4}\n" } } }
enum Option2 { Some(i32), None }
macro_rules! quadrat { ($x:expr) => { $x * $x }; }
async unsafe fn f(mut v: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
    let y = 1_000u64 + 0xFF + 0b11 + 1.5e3f32 as u64; let c = 'x'; let b = b'\x41'; let r = r#"raw "x""#;
    match v.len() { 0 | 1 => println!("{y:?} {}", c), n @ 2..=5 if n > 3 => loop { break }, _ => return Err("x".into()) }
    /* nested /* comment */ end */ let closure = |a: i32| a.pow(2)?; 'outer: for i in 0..10 { continue 'outer; }
}
