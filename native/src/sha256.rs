//! SHA-256. RATIONALE, "Why SHA-256 has code of its own on a Pi Zero".

#[cfg(not(target_arch = "arm"))]
pub use other::Sha256;
#[cfg(target_arch = "arm")]
pub use own::Sha256;

pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::default();
    digest.update(bytes);
    digest.finish()
}

/// CPUs that have more registers than an ARM1176, or instructions for it.
#[cfg(not(target_arch = "arm"))]
mod other {
    use sha2::Digest;

    #[derive(Default)]
    pub struct Sha256(sha2::Sha256);

    impl Sha256 {
        pub fn update(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        pub fn finish(self) -> [u8; 32] {
            self.0.finalize().into()
        }
    }
}

/// FIPS 180-4, sections 4 to 6.
#[cfg(target_arch = "arm")]
mod own {
    const BLOCK_BYTES: usize = 64;
    /// The message's length in bits stands at the end of the last block.
    const LENGTH_AT: usize = BLOCK_BYTES - size_of::<u64>();
    type Block = [[u8; 4]; 16];

    pub struct Sha256 {
        state: [u32; 8],
        /// What does not make a whole block yet, and how many bytes of it there are.
        rest: [u8; BLOCK_BYTES],
        filled: usize,
        length: u64,
    }

    impl Default for Sha256 {
        fn default() -> Self {
            Sha256 { state: INITIAL, rest: [0; BLOCK_BYTES], filled: 0, length: 0 }
        }
    }

    impl Sha256 {
        pub fn update(&mut self, mut bytes: &[u8]) {
            self.length = self.length.wrapping_add(bytes.len() as u64);
            if self.filled > 0 {
                bytes = self.fill(bytes);
            }
            let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % BLOCK_BYTES);
            compress(&mut self.state, whole.as_chunks().0.as_chunks().0);
            self.fill(rest);
        }

        pub fn finish(mut self) -> [u8; 32] {
            let bits = self.length.wrapping_mul(8);
            self.fill(&[0x80]);
            let zeros = [0; BLOCK_BYTES];
            let padding = (BLOCK_BYTES + LENGTH_AT - self.filled) % BLOCK_BYTES;
            let left = self.fill(zeros.get(..padding).unwrap_or_default());
            self.fill(left);
            self.fill(&bits.to_be_bytes());
            let mut digest = [0; 32];
            for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
                *bytes = word.to_be_bytes();
            }
            digest
        }

        /// Takes what the block under way has room for, and gives back what is left.
        fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
            let (taken, left) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.filled));
            for (place, byte) in self.rest.iter_mut().skip(self.filled).zip(taken) {
                *place = *byte;
            }
            self.filled += taken.len();
            if self.filled == BLOCK_BYTES {
                self.filled = 0;
                compress(&mut self.state, self.rest.as_chunks().0.as_chunks().0);
            }
            left
        }
    }

    /// One round; the names of the state turn by one with each. `$both` has b and c of the round before.
    macro_rules! round {
        ($w:expr, $k:expr, $both:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
            // A rotation costs nothing in an operand, so three of one word are two within another.
            let t1 = $h
                .wrapping_add($w)
                .wrapping_add($k)
                .wrapping_add((($e.rotate_right(14) ^ $e).rotate_right(5) ^ $e).rotate_right(6))
                .wrapping_add($e & $f)
                .wrapping_add(!$e & $g);
            $d = $d.wrapping_add(t1);
            let next = $a ^ $b;
            $h = t1
                .wrapping_add((($a.rotate_right(9) ^ $a).rotate_right(11) ^ $a).rotate_right(2))
                .wrapping_add(($both & next) ^ $b);
            $both = next;
        };
    }

    /// Sixteen rounds, each with the word that `$word` makes of its number.
    macro_rules! sixteen {
        ($word:ident, $k:ident, $both:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
            round!($word!(0), $k[0], $both, $a $b $c $d $e $f $g $h);
            round!($word!(1), $k[1], $both, $h $a $b $c $d $e $f $g);
            round!($word!(2), $k[2], $both, $g $h $a $b $c $d $e $f);
            round!($word!(3), $k[3], $both, $f $g $h $a $b $c $d $e);
            round!($word!(4), $k[4], $both, $e $f $g $h $a $b $c $d);
            round!($word!(5), $k[5], $both, $d $e $f $g $h $a $b $c);
            round!($word!(6), $k[6], $both, $c $d $e $f $g $h $a $b);
            round!($word!(7), $k[7], $both, $b $c $d $e $f $g $h $a);
            round!($word!(8), $k[8], $both, $a $b $c $d $e $f $g $h);
            round!($word!(9), $k[9], $both, $h $a $b $c $d $e $f $g);
            round!($word!(10), $k[10], $both, $g $h $a $b $c $d $e $f);
            round!($word!(11), $k[11], $both, $f $g $h $a $b $c $d $e);
            round!($word!(12), $k[12], $both, $e $f $g $h $a $b $c $d);
            round!($word!(13), $k[13], $both, $d $e $f $g $h $a $b $c);
            round!($word!(14), $k[14], $both, $c $d $e $f $g $h $a $b);
            round!($word!(15), $k[15], $both, $b $c $d $e $f $g $h $a);
        };
    }

    fn compress(state: &mut [u32; 8], blocks: &[Block]) {
        let [first, others @ ..] = &CONSTANTS;
        for block in blocks {
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
            let mut both = b ^ c;
            let mut w = [0u32; 16];
            macro_rules! given {
                ($i:literal) => {{
                    w[$i] = u32::from_be_bytes(block[$i]);
                    w[$i]
                }};
            }
            macro_rules! made {
                ($i:literal) => {{
                    let (old, new) = (w[($i + 1) % 16], w[($i + 14) % 16]);
                    w[$i] = w[$i]
                        .wrapping_add((old ^ old.rotate_right(11)).rotate_right(7) ^ (old >> 3))
                        .wrapping_add(w[($i + 9) % 16])
                        .wrapping_add((new ^ new.rotate_right(2)).rotate_right(17) ^ (new >> 10));
                    w[$i]
                }};
            }
            sixteen!(given, first, both, a b c d e f g h);
            for k in others {
                sixteen!(made, k, both, a b c d e f g h);
            }
            for (sum, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                *sum = sum.wrapping_add(word);
            }
        }
    }

    const INITIAL: [u32; 8] =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    static CONSTANTS: [[u32; 16]; 4] = [
        [
            0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, //
            0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        ],
        [
            0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, //
            0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        ],
        [
            0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, //
            0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        ],
        [
            0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, //
            0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
        ],
    ];
}
