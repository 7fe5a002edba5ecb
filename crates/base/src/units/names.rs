//! Names of the members of an enum.

/// Implements `ALL`, `name` and `named` for an enum, from the name of each member in order. A member without a name does not
/// compile.
#[macro_export]
macro_rules! names {
    ($Enum:ident { $($Member:ident = $name:literal),* $(,)? }) => {
        impl $Enum {
            /// Every member, in order.
            pub const ALL: [$Enum; [$($name),*].len()] = [$($Enum::$Member),*];

            /// Returns its name in files and results.
            pub const fn name(self) -> &'static str {
                match self { $($Enum::$Member => $name),* }
            }

            /// Returns the member of a name, if there is one.
            pub fn named(name: &str) -> Option<$Enum> {
                $Enum::ALL.into_iter().find(|member| member.name() == name)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Color {
        Red,
        Blue,
    }

    names! { Color { Red = "red", Blue = "blue" } }

    #[test]
    fn every_member_has_its_name() {
        assert_eq!(Color::ALL, [Color::Red, Color::Blue]);
        assert_eq!(Color::ALL.map(Color::name), ["red", "blue"]);
        assert_eq!((Color::named("blue"), Color::named("Blue")), (Some(Color::Blue), None));
    }
}
