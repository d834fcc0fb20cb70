//! How a function of WASI is tied to a guest.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower};

use crate::guest::Guest;

pub type Target<'a> = LinkerInstance<'a, Guest>;
pub type Store<'a> = StoreContextMut<'a, Guest>;

/// Ties a function that answers at once. A guest that calls many of them gives way in between.
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

/// Counts work that costs a guest hardly any fuel; every so often, others get their turn.
pub async fn give_way(store: &mut Store<'_>, bytes: u64) {
    let guest = store.data_mut();
    if guest.works(bytes) {
        let mailbox = guest.mailbox.clone();
        mailbox.give_way().await;
    }
}
