//! Functions that spend fuel in proportion to a length, then do the metered operation.

use std::collections::BTreeMap;

use crate::binary::leb;

pub const I32: u8 = 0x7f;
pub const I64: u8 = 0x7e;
pub const FUNCREF: u8 = 0x70;

/// Five units of fuel for every 512 bytes, or 8 table elements.
const BYTES_SHIFT: u8 = 9;
const ELEMENTS_SHIFT: u8 = 3;
/// For every 128 bytes that are allocated for a value: transcoding takes longer than copying.
const ALLOCATED_SHIFT: u8 = 7;
/// From pages of memory to pieces of 512 bytes.
const PAGE_SHIFT: u8 = 16 - BYTES_SHIFT;

/// A metered operation: its type, the parameter that is its length, and the bound of that.
pub struct Operation {
    params: Vec<u8>,
    result: Option<u8>,
    length: u8,
    shift: u8,
    /// Code for the largest possible number of pieces: a longer operation traps, and costs nothing.
    most: Option<Vec<u8>>,
}

impl Operation {
    /// A bulk operation on a memory, the last parameter its length in bytes.
    pub fn memory(index: u32, wide: bool, params: [u8; 3]) -> Self {
        let mut most = [&[0x3f], leb(index).as_slice()].concat(); // memory.size
        if wide {
            most.push(0xa7); // i32.wrap_i64
        }
        most.extend([0x41, PAGE_SHIFT, 0x74]); // i32.const, i32.shl
        Operation { params: params.to_vec(), result: None, length: 2, shift: BYTES_SHIFT, most: Some(most) }
    }

    /// A bulk operation on a table, the last parameter its length in elements.
    pub fn table(index: u32, wide: bool, params: [u8; 3]) -> Self {
        let mut most = [&[0xfc, 0x10], leb(index).as_slice()].concat(); // table.size
        if wide {
            most.push(0xa7);
        }
        most.extend([0x41, ELEMENTS_SHIFT, 0x76]); // i32.const, i32.shr_u
        Operation { params: params.to_vec(), result: None, length: 2, shift: ELEMENTS_SHIFT, most: Some(most) }
    }

    /// `realloc`: old pointer, old size, alignment, new size; the caller fills what it gets.
    pub fn allocate(pointer: u8) -> Self {
        Operation { params: vec![pointer; 4], result: Some(pointer), length: 3, shift: ALLOCATED_SHIFT, most: None }
    }

    pub fn params(&self) -> u32 {
        self.params.len() as u32
    }

    fn ty(&self) -> Vec<u8> {
        let mut ty = vec![0x60, self.params.len() as u8];
        ty.extend(&self.params);
        ty.push(u8::from(self.result.is_some()));
        ty.extend(self.result);
        ty
    }

    /// Spends fuel for the length, or for all there is to write to when that is less. `local`: the first of two of i32.
    pub fn spend(&self, local: u32) -> Vec<u8> {
        let (pieces, most) = (leb(local), leb(local + 1));
        let mut code = vec![0x20, self.length]; // local.get
        match self.params.get(usize::from(self.length)) {
            Some(&I64) => code.extend([0x42, self.shift, 0x88, 0xa7]), // i64.const, i64.shr_u, i32.wrap_i64
            _ => code.extend([0x41, self.shift, 0x76]),                // i32.const, i32.shr_u
        }
        code.push(0x22); // local.tee
        code.extend(&pieces);
        code.extend([0x04, 0x40]); // if
        if let Some(bound) = &self.most {
            code.push(0x20);
            code.extend(&pieces);
            code.extend(bound);
            for (operator, local) in [(0x22, &most), (0x20, &pieces), (0x20, &most)] {
                code.push(operator); // local.tee, local.get
                code.extend(local);
            }
            code.extend([0x49, 0x1b, 0x41, 1, 0x6a, 0x21]); // the less, and one: i32.lt_u, select, i32.add, local.set
            code.extend(&pieces);
        }
        code.extend([0x03, 0x40, 0x20]); // loop
        code.extend(&pieces);
        code.extend([0x41, 1, 0x6b, 0x22]); // i32.const, i32.sub, local.tee
        code.extend(&pieces);
        code.extend([0x0d, 0, 0x0b, 0x0b]); // br_if, end of loop, end of if
        code
    }

    /// A function that spends fuel, then does what `operator` does.
    fn body(&self, operator: &[u8]) -> Vec<u8> {
        let params = self.params.len() as u8;
        let mut code = SPENDING_LOCALS.to_vec();
        code.insert(0, 1); // so many groups of locals
        code.extend(self.spend(params.into()));
        (0..params).for_each(|param| code.extend([0x20, param]));
        code.extend(operator);
        code.push(0x0b);
        code
    }
}

/// A group of locals, two of i32, which [`Operation::spend`] needs.
pub const SPENDING_LOCALS: [u8; 2] = [2, I32];

/// The functions that replace metered operations, one for each distinct operation.
#[derive(Default)]
pub struct Helpers {
    by_operator: BTreeMap<Vec<u8>, u32>,
    pub types: Vec<Vec<u8>>,
    pub bodies: Vec<Vec<u8>>,
}

impl Helpers {
    /// The index, among these, of the function for `operator`, an encoded instruction.
    pub fn place(&mut self, operator: &[u8], operation: &Operation) -> u32 {
        if let Some(place) = self.by_operator.get(operator) {
            return *place;
        }
        let place = self.by_operator.len() as u32;
        self.by_operator.insert(operator.to_vec(), place);
        self.types.push(operation.ty());
        self.bodies.push(operation.body(operator));
        place
    }

    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }
}
