//! Lints: what is accepted and likely not meant. What `check` says beyond what reading says.
//!
//! In: the model and the sources that it came from. Out: findings, all warnings, each with a code of the [`registry`]. A lint reports what is
//! certain from the policies alone; where a variable, a condition or an unknown action leaves doubt it says nothing. `compiler/LINTS.md` has
//! a section for each, which [`manual`] gives.

mod actions;
mod conditions;
mod contain;
mod findings;
mod identities;
mod keys;
pub mod manual;
mod places;
mod principals;
mod reach;
pub mod registry;
mod resources;
mod risk;
pub mod silence;
mod sites;
mod trust;
mod values;
mod variables;

use std::collections::BTreeSet;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::Source;

use crate::model::Model;
use findings::Findings;
use registry::Level;
use sites::Sites;

/// Which lints are on.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// All of them.
    pub all: bool,
    /// These besides those that always are.
    pub on: BTreeSet<String>,
    /// Whether AWS's own policies are looked at as well, which nobody but AWS can change.
    pub aws_managed: bool,
}

impl Options {
    fn is_on(&self, code: &str) -> bool {
        let level = registry::OWN.iter().find(|lint| lint.code == code).map(|lint| lint.level);
        self.all || level != Some(Level::Pedantic) || self.on.contains(code)
    }
}

/// Looks for lints. `sources` are those of the model's files, in their order. Linear in the distinct policies and in the statements of each
/// squared; for each identity linear in its policies squared.
#[must_use]
pub fn check(model: &Model, sources: &[Source], options: &Options) -> Vec<Diagnostic> {
    let sites = Sites::of(model);
    let held = principals::Held::of(model);
    let mut found = Findings::new(sources, options);
    let looked_at = sites.all.iter().filter(|site| options.aws_managed || !site.is_aws);
    for site in looked_at {
        for statement in &site.document.statements {
            actions::check(&mut found, site, statement);
            resources::check(&mut found, site, statement);
            keys::check(&mut found, site, statement);
            conditions::check(&mut found, site, statement);
            values::check(&mut found, statement);
            variables::check(&mut found, site, statement);
            principals::check(&mut found, &held, site, statement);
        }
        reach::within(&mut found, site);
        risk::check(&mut found, site);
    }
    trust::check(&mut found, model);
    identities::check(&mut found, model, &sites);
    reach::across(&mut found, model, &sites);
    found.finish()
}
