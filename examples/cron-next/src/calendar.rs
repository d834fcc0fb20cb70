//! Dates of the proleptic Gregorian calendar as days since 1970-01-01.
//!
//! Days are `i32`: a 32-bit CPU divides those in a few instructions, and 64-bit numbers in hundreds.

pub const MINUTES_PER_DAY: i64 = 24 * 60;

#[derive(Clone, Copy)]
pub struct Date {
    pub year: i32,
    pub month: u32,
    pub day: u32,
}

impl Date {
    /// Years start in March here, so that the leap day comes last and months have a regular length.
    pub fn from_days(days: i32) -> Date {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Date {
            year: era * 400 + year_of_era + i32::from(month <= 2),
            month: month as u32,
            day: (day_of_year - (153 * march_month + 2) / 5 + 1) as u32,
        }
    }

    pub fn to_days(self) -> i32 {
        let year = self.year - i32::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let march_month = ((self.month + 9) % 12) as i32;
        let day_of_year = (153 * march_month + 2) / 5 + self.day as i32 - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }
}

/// 0 is Sunday.
pub fn weekday(days: i32) -> u32 {
    (days + 4).rem_euclid(7) as u32
}

/// Minutes since 1970-01-01 UTC of an RFC 3339 time; what exceeds the minute is dropped.
pub fn parse_time(text: &str) -> Option<i64> {
    let date = Date {
        year: number(text.get(0..4)?)? as i32,
        month: number(text.get(5..7)?)?,
        day: number(text.get(8..10)?)?,
    };
    let (hour, minute, second) = (number(text.get(11..13)?)?, number(text.get(14..16)?)?, number(text.get(17..19)?)?);
    let marks = [4, 7, 10, 13, 16].map(|at| text.as_bytes()[at]);
    if !matches!(marks, [b'-', b'-', b'T' | b't' | b' ', b':', b':']) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = date.to_days();
    let same = Date::from_days(days);
    if (same.year, same.month, same.day) != (date.year, date.month, date.day) {
        return None;
    }
    let offset = parse_offset(text.get(19..)?)?;
    Some(i64::from(days) * MINUTES_PER_DAY + i64::from(hour * 60 + minute) - offset)
}

fn parse_offset(text: &str) -> Option<i64> {
    let zone = match text.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => text,
    };
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.get(0..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 60 + minutes))
}

fn two_digits(text: &str) -> Option<u32> {
    if text.len() == 2 { number(text) } else { None }
}

/// `str::parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A day and the minute of that day at which minutes since 1970-01-01 fall.
pub fn split(minutes: i64) -> (i32, u32) {
    (minutes.div_euclid(MINUTES_PER_DAY) as i32, minutes.rem_euclid(MINUTES_PER_DAY) as u32)
}

/// A minute since 1970-01-01 UTC as RFC 3339, by a clock that is `offset` minutes east.
pub fn format_time(minutes: i64, offset: i32) -> String {
    let (days, minute) = split(minutes + i64::from(offset));
    let date = Date::from_days(days);
    let mut text = String::with_capacity("2000-01-01T00:00:00+00:00".len());
    digits(&mut text, date.year.unsigned_abs(), 4);
    for (mark, number) in [('-', date.month), ('-', date.day), ('T', minute / 60), (':', minute % 60)] {
        text.push(mark);
        digits(&mut text, number, 2);
    }
    text.push_str(":00");
    if offset == 0 {
        text.push('Z');
    } else {
        let east = offset.unsigned_abs();
        text.push(if offset < 0 { '-' } else { '+' });
        digits(&mut text, east / 60, 2);
        text.push(':');
        digits(&mut text, east % 60, 2);
    }
    text
}

/// Decimal, with leading zeros up to `width`: a tenth of what `format!` takes.
fn digits(text: &mut String, number: u32, width: usize) {
    if number >= 10 || width > 1 {
        digits(text, number / 10, width.saturating_sub(1));
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}
