//! A cron line as sets of minutes, hours, days, months and weekdays.

use crate::calendar::{Date, MINUTES_PER_DAY, split, weekday};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The longest wait of a line that fires at all: 29 February around a year like 2100.
const HORIZON_DAYS: i32 = 8 * 366;

pub struct Cron {
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
    /// Both days are restricted: then one of them is enough.
    either_day: bool,
}

impl Cron {
    pub fn parse(line: &str) -> Result<Cron, String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!("a cron line has 5 fields, this one has {}", fields.len()));
        };
        let mut weekdays = Field { name: "day of week", first: 0, last: 7, names: &WEEKDAYS }.parse(weekday)?;
        if weekdays.contains(7) {
            weekdays.insert(0);
        }
        Ok(Cron {
            minutes: Field { name: "minute", first: 0, last: 59, names: &[] }.parse(minute)?,
            hours: Field { name: "hour", first: 0, last: 23, names: &[] }.parse(hour)?,
            days: Field { name: "day of month", first: 1, last: 31, names: &[] }.parse(day)?,
            months: Field { name: "month", first: 1, last: 12, names: &MONTHS }.parse(month)?,
            weekdays,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// The first minute after `minutes` at which the line fires, both by the line's own clock.
    pub fn next(&self, minutes: i64) -> Option<i64> {
        let (today, mut earliest) = split(minutes + 1);
        for day in today..=today + HORIZON_DAYS {
            if self.fires_on(day)
                && let Some(minute) = self.next_in_day(earliest)
            {
                return Some(i64::from(day) * MINUTES_PER_DAY + i64::from(minute));
            }
            earliest = 0;
        }
        None
    }

    fn fires_on(&self, days: i32) -> bool {
        let by_weekday = self.weekdays.contains(weekday(days));
        if !by_weekday && !self.either_day {
            return false;
        }
        let date = Date::from_days(days);
        let by_day = self.days.contains(date.day) || self.either_day && by_weekday;
        by_day && self.months.contains(date.month)
    }

    fn next_in_day(&self, earliest: u32) -> Option<u32> {
        let (hour, minute) = (earliest / 60, earliest % 60);
        if self.hours.contains(hour)
            && let Some(minute) = self.minutes.at_or_after(minute)
        {
            return Some(hour * 60 + minute);
        }
        Some(self.hours.at_or_after(hour + 1)? * 60 + self.minutes.at_or_after(0)?)
    }
}

/// Numbers below 64.
#[derive(Clone, Copy, Default)]
struct Set(u64);

impl Set {
    fn insert(&mut self, number: u32) {
        self.0 |= 1 << number;
    }

    /// From `low` to `high`, both included.
    fn insert_every(&mut self, step: u32, low: u32, high: u32) {
        if step == 1 {
            self.0 |= u64::MAX >> (63 - high) & u64::MAX << low;
            return;
        }
        let mut number = low;
        while number <= high {
            self.insert(number);
            number = number.saturating_add(step);
        }
    }

    fn contains(self, number: u32) -> bool {
        self.0 >> number & 1 == 1
    }

    fn at_or_after(self, number: u32) -> Option<u32> {
        let left = self.0 >> number;
        (left != 0).then(|| number + left.trailing_zeros())
    }
}

struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    /// Of `first` and the numbers that follow it.
    names: &'static [&'static str],
}

impl Field {
    fn parse(&self, text: &str) -> Result<Set, String> {
        let mut set = Set::default();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, self.step(step)?),
                None => (part, 1),
            };
            let (low, high) = match range.split_once('-') {
                _ if range == "*" => (self.first, self.last),
                Some((low, high)) => (self.value(low)?, self.value(high)?),
                None if part.contains('/') => (self.value(range)?, self.last),
                None => (self.value(range)?, self.value(range)?),
            };
            if low > high {
                return Err(format!("{}: the range {range} is empty", self.name));
            }
            set.insert_every(step, low, high);
        }
        Ok(set)
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let by_name = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        by_name
            .map(|index| index as u32 + self.first)
            .or_else(|| text.parse().ok())
            .filter(|value| (self.first..=self.last).contains(value))
            .ok_or_else(|| format!("{}: {text} is not within {} to {}", self.name, self.first, self.last))
    }

    fn step(&self, text: &str) -> Result<u32, String> {
        match text.parse() {
            Ok(step) if step > 0 => Ok(step),
            _ => Err(format!("{}: {text} is not a step", self.name)),
        }
    }
}
