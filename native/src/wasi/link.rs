//! Links functions of WASI.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower};

use crate::guest::Guest;

pub type Target<'a> = LinkerInstance<'a, Guest>;
pub type Store<'a> = StoreContextMut<'a, Guest>;

/// Links a function that returns at once. A guest that calls many of them yields in between.
pub fn function<P, R>(
    target: &mut Target<'_>,
    name: &str,
    act: impl Fn(&mut Guest, P) -> wasmtime::Result<R> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lift + Send + 'static,
    R: ComponentNamedList + Lower + Send + 'static,
{
    target.func_wrap_async(name, move |mut store: Store<'_>, params: P| {
        Box::new(async move {
            give_way(&mut store, 0).await;
            act(store.data_mut(), params)
        })
    })
}

/// Counts work that costs a guest hardly any fuel, and yields every so often.
pub async fn give_way(store: &mut Store<'_>, bytes: u64) {
    let guest = store.data_mut();
    if guest.count_work(bytes) {
        let mailbox = guest.mailbox.clone();
        mailbox.give_way().await;
    }
}
