//! Typed ids: small numbers that index the model's lists and cannot be mixed up.

use bincode::{Decode, Encode};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
        pub struct $name(pub u32);

        impl $name {
            /// The id of the item at this place of its list. Saturates past `u32::MAX`, which no list reaches.
            #[must_use]
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            /// The place in its list.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An input file.
    FileId
    /// An account.
    AccountId
    /// A user.
    UserId
    /// A group.
    GroupId
    /// A role.
    RoleId
    /// A managed policy.
    PolicyId
    /// A service or resource control policy.
    ControlId
    /// The root or a unit of an organization.
    NodeId
}
