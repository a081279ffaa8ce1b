//! `object!`: async-graphql's `#[Object]`, with one word more.
//!
//! `paged fn` is a field that takes `first`, `after`, `last` and `before` besides its own arguments; they arrive
//! as one [`PageArguments`](crate::graph::page::PageArguments). Everything else is passed through as written, so
//! that the four arguments and their descriptions stand here once rather than at fifty fields.

/// Defines a GraphQL object; see the module.
macro_rules! object {
    ($(#[$meta:meta])* impl $type:ident { $($body:tt)* }) => {
        $crate::graphql::object::object! { @ [$(#[$meta])*] $type [] $($body)* }
    };
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]) => {
        #[async_graphql::Object]
        $($head)*
        impl $type { $($done)* }

        $crate::graphql::resolve::row! { $type }
    };
    // A list that may be null by itself: its fault leaves the rest of the page.
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]
        $(#[$meta:meta])* paged fn $name:ident(&$this:ident, $ctx:ident, $page:ident $(, $(#[$ameta:meta])* $arg:ident: $aty:ty)* $(,)?) -> Option<$ret:ty> $block:block
        $($rest:tt)*
    ) => {
        $crate::graphql::object::object! { @ [$($head)*] $type [$($done)*
            $(#[$meta])*
            pub async fn $name(
                &$this,
                $ctx: &async_graphql::Context<'_>,
                $( $(#[$ameta])* $arg: $aty, )*
                #[graphql(desc = "That many from the start of the list, or from `after`: 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
                #[graphql(desc = "Only what comes behind this cursor of the same list, order and filter.")] after: Option<String>,
                #[graphql(desc = "That many from the end of the list, or from `before`: 0 to 100; not together with `first`.")] last: Option<i32>,
                #[graphql(desc = "Only what comes ahead of this cursor of the same list, order and filter.")] before: Option<String>,
            ) -> Option<Result<$crate::graphql::resolve::One<$ret>, $crate::graphql::error::Fault>> {
                let $page = $crate::graph::page::PageArguments { first, after, last, before };
                let made: Option<Result<$ret, $crate::graphql::error::Fault>> = async { $block }.await;
                made.map(|made| made.map($crate::graphql::resolve::One))
            }
        ] $($rest)* }
    };
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]
        $(#[$meta:meta])* paged fn $name:ident(&$this:ident, $ctx:ident, $page:ident $(, $(#[$ameta:meta])* $arg:ident: $aty:ty)* $(,)?) -> $ret:ty $block:block
        $($rest:tt)*
    ) => {
        $crate::graphql::object::object! { @ [$($head)*] $type [$($done)*
            $(#[$meta])*
            pub async fn $name(
                &$this,
                $ctx: &async_graphql::Context<'_>,
                $( $(#[$ameta])* $arg: $aty, )*
                #[graphql(desc = "That many from the start of the list, or from `after`: 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
                #[graphql(desc = "Only what comes behind this cursor of the same list, order and filter.")] after: Option<String>,
                #[graphql(desc = "That many from the end of the list, or from `before`: 0 to 100; not together with `first`.")] last: Option<i32>,
                #[graphql(desc = "Only what comes ahead of this cursor of the same list, order and filter.")] before: Option<String>,
            ) -> Result<$crate::graphql::resolve::One<$ret>, $crate::graphql::error::Fault> {
                let $page = $crate::graph::page::PageArguments { first, after, last, before };
                let made: Result<$ret, $crate::graphql::error::Fault> = async { $block }.await;
                made.map($crate::graphql::resolve::One)
            }
        ] $($rest)* }
    };
    // Four forms of result, as `#[Object]` must see `Result` and lifetimes as they are written, not as one type.
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]
        $(#[$meta:meta])* async fn $name:ident $(<$life:lifetime>)? ($($args:tt)*) -> Result<$ok:ty, $err:ty> $block:block
        $($rest:tt)*
    ) => {
        $crate::graphql::object::object! { @ [$($head)*] $type [$($done)*
            $(#[$meta])*
            pub async fn $name $(<$life>)? ($($args)*) -> Result<$ok, $err> $block
        ] $($rest)* }
    };
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]
        $(#[$meta:meta])* async fn $name:ident $(<$life:lifetime>)? ($($args:tt)*) -> &$l:lifetime str $block:block
        $($rest:tt)*
    ) => {
        $crate::graphql::object::object! { @ [$($head)*] $type [$($done)*
            $(#[$meta])*
            pub async fn $name $(<$life>)? ($($args)*) -> &$l str $block
        ] $($rest)* }
    };
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]
        $(#[$meta:meta])* async fn $name:ident $(<$life:lifetime>)? ($($args:tt)*) -> Option<&$l:lifetime str> $block:block
        $($rest:tt)*
    ) => {
        $crate::graphql::object::object! { @ [$($head)*] $type [$($done)*
            $(#[$meta])*
            pub async fn $name $(<$life>)? ($($args)*) -> Option<&$l str> $block
        ] $($rest)* }
    };
    (@ [$($head:tt)*] $type:ident [$($done:tt)*]
        $(#[$meta:meta])* async fn $name:ident $(<$life:lifetime>)? ($($args:tt)*) -> $ret:ty $block:block
        $($rest:tt)*
    ) => {
        $crate::graphql::object::object! { @ [$($head)*] $type [$($done)*
            $(#[$meta])*
            pub async fn $name $(<$life>)? ($($args)*) -> $ret $block
        ] $($rest)* }
    };
}
pub(crate) use object;
