//! What conditions cost in a build: time and room near linear in their operands, whatever they are. Without any clock: each of these took
//! minutes or gigabytes where it took the product of atoms and classes, of states and rules, or of states and failed diagrams.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use portcullis_compiler::automata::{Automata, Budget, build, verify};
use portcullis_compiler::ir::{ActionSet, Atom, Ir, ResourceSet, Rule};
use portcullis_compiler::model::{BaseOperator, Effect, OperandForm, Operator};
use portcullis_compiler::pattern::{ActionForm, Glob, ResourceForm};

/// An atom with one operand.
fn atom(key: &str, base: BaseOperator, operand: OperandForm) -> Atom {
    Atom {
        key: key.into(),
        operator: Operator { set: None, base, if_exists: false },
        operands: vec![operand],
    }
}

fn text(key: &str, text: &str) -> Atom {
    atom(key, BaseOperator::StringEquals, OperandForm::Text(Glob::literal(text)))
}

fn like(text: &str) -> Atom {
    atom("k:text", BaseOperator::StringLike, OperandForm::Like(Glob::wildcards(text)))
}

fn number(base: BaseOperator, number: u32) -> Atom {
    atom("k:number", base, OperandForm::Number(number.to_string().into()))
}

fn date(base: BaseOperator, day: i64) -> Atom {
    atom("k:date", base, OperandForm::Date { seconds: day * 86_400, fraction: "".into() })
}

fn block(first: u32, prefix: u8) -> Atom {
    let mut address = [0; 16];
    for (to, from) in address.iter_mut().zip(first.to_be_bytes()) {
        *to = from;
    }
    atom("k:address", BaseOperator::IpAddress, OperandForm::Ip { v6: false, address, prefix })
}

fn everything() -> ResourceForm {
    ResourceForm::Everything
}

fn bucket(name: &str) -> ResourceForm {
    let parts = ["arn", "aws", "s3", "", ""].map(Glob::literal);
    let [a, b, c, d, e] = parts;
    ResourceForm::Parts(Box::new([a, b, c, d, e, Glob::wildcards(name)]))
}

/// Rules of one action, as one policy together or as a policy each; the automata of all.
fn built(together: bool, rules: impl IntoIterator<Item = (Effect, ResourceForm, Vec<Atom>)>) -> Automata {
    let mut ir = Ir::default();
    let named = ActionForm::Named { service: Glob::literal("svc"), name: Glob::literal("get") };
    let actions = ir.action_sets.intern(ActionSet { negated: false, patterns: vec![named] });
    let mut ids = Vec::new();
    for (effect, resource, atoms) in rules {
        let resources = ir.resource_sets.intern(ResourceSet { negated: false, patterns: vec![resource] });
        let mut atoms: Vec<u32> = atoms.into_iter().map(|atom| ir.atoms.intern(atom)).collect();
        atoms.sort_unstable();
        let guard = (!atoms.is_empty()).then(|| ir.guards.intern(atoms));
        ids.push(ir.rules.intern(Rule { effect, actions, resources, guard }));
    }
    let lists = if together { vec![ids] } else { ids.into_iter().map(|id| vec![id]).collect() };
    for list in lists {
        let list = ir.rule_lists.intern(list);
        ir.sets.intern(vec![list]);
    }
    let automata = build(&ir, Budget::default(), None).unwrap();
    assert_eq!(verify(&ir, &automata), Ok(()));
    automata
}

/// Rules that each ask for one atom.
fn asking(together: bool, atoms: impl IntoIterator<Item = Atom>) -> Automata {
    built(together, atoms.into_iter().map(|atom| (Effect::Allow, everything(), vec![atom])))
}

fn words(automata: &Automata) -> usize {
    automata.roots.terminals.diagrams.words.len()
}

fn at_request_time(automata: &Automata) -> usize {
    automata.classifiers.atoms.iter().filter(|atom| atom.is_none()).count()
}

const USERS: usize = 20_000;

#[test]
fn a_text_for_each_of_many_users() {
    for together in [false, true] {
        let automata = asking(together, (0..USERS).map(|user| text("k:user", &format!("user-{user}"))));
        assert_eq!(at_request_time(&automata), 0);
        assert!(words(&automata) <= 8 * USERS, "{together}: {}", words(&automata));
        // One look-up and one search decide for all of them.
        assert_eq!(automata.roots.terminals.diagrams.chains, 0);
    }
}

#[test]
fn many_thresholds_of_one_key() {
    let many = 5_000;
    for together in [false, true] {
        let dates = asking(together, (0..many).map(|day| date(BaseOperator::DateLessThan, day)));
        let numbers =
            asking(together, (0..many as u32).map(|it| number(BaseOperator::NumericGreaterThanEquals, it)));
        for automata in [dates, numbers] {
            assert_eq!(at_request_time(&automata), 0);
            assert!(words(&automata) <= 8 * many as usize, "{together}: {}", words(&automata));
        }
    }
    // What is between two of them, again and again: in no order that a diagram could use.
    let windows = |number: i64| {
        let first = number * 7_919 % many;
        let atoms = vec![
            date(BaseOperator::DateGreaterThanEquals, first),
            date(BaseOperator::DateLessThan, first + many / 2),
        ];
        (if number % 2 == 0 { Effect::Deny } else { Effect::Allow }, everything(), atoms)
    };
    let automata = built(true, (0..many).map(windows));
    assert!(words(&automata) <= 16 * many as usize, "{}", words(&automata));
}

#[test]
fn many_blocks_of_addresses() {
    // A hundred blocks of 16 bits with a hundred of 24 bits each.
    let blocks =
        || (0..100_u32).flat_map(|a| (0..100_u32).map(move |b| block(10 << 24 | a << 16 | b << 8, 24)));
    let wide = || (0..100_u32).map(|a| block(10 << 24 | a << 16, 16));
    for together in [false, true] {
        let automata = asking(together, blocks().chain(wide()));
        assert_eq!(at_request_time(&automata), 0);
        assert!(words(&automata) <= 8 * 10_100, "{together}: {}", words(&automata));
    }
}

#[test]
fn texts_and_wildcards_of_one_key() {
    // Every wildcard's automaton is asked for every text.
    let texts =
        (0..10_000).map(|number| text("k:text", &format!("team-{number:04}/some/long/path/of/a/thing")));
    let wild = (0..300).map(|number| like(&format!("team-{number:03}*")));
    let automata = asking(false, texts.chain(wild));
    assert_eq!(at_request_time(&automata), 0);
    assert!(words(&automata) <= 8 * 11_000, "{}", words(&automata));
    // What wildcards match is scattered over the classes: some of them are left to request time.
    let texts = (0..10_000).map(|number| text("k:text", &format!("team-{number:04}")));
    let wild = (0..50).map(|number| like(&format!("*{number:02}*")));
    let automata = asking(false, texts.chain(wild));
    assert!(at_request_time(&automata) <= 50, "{}", at_request_time(&automata));
    assert!(words(&automata) <= 8 * 11_000, "{}", words(&automata));
}

/// Sixty keys that each way through a diagram would have to remember.
fn exploding() -> impl Iterator<Item = (Effect, ResourceForm, Vec<Atom>)> {
    (0..30).map(|number| {
        let key = |number: usize| text(&format!("k:{number:02}"), "yes");
        (Effect::Allow, everything(), vec![key(number), key(number + 30)])
    })
}

#[test]
fn a_diagram_over_its_budget_is_tried_once() {
    let denies = (0..500).map(|number| (Effect::Deny, bucket(&format!("bucket-{number:03}?/*")), Vec::new()));
    let automata = built(true, exploding().chain(denies));
    assert!(automata.roots.states > 500, "{}", automata.roots.states);
    assert_eq!(automata.roots.terminals.diagrams.chains, 1);
}

#[test]
fn automata_that_are_given_up_leave_no_diagrams() {
    // Any of them may have matched when the budget ends.
    let infix = |letter: char| {
        let guard = vec![text(&format!("k:{letter}"), "yes")];
        (Effect::Allow, bucket(&format!("*{letter}*")), guard)
    };
    let automata = built(true, ('a'..='z').map(infix));
    assert_eq!(automata.roots.set_leaves, 1);
    assert!(words(&automata) <= 26 * 8, "{}", words(&automata));
    assert_eq!(automata.roots.terminals.diagrams.chains, 0);
}

#[test]
fn policies_that_are_merged_leave_no_automata_of_their_own() {
    let mut ir = Ir::default();
    let named = ActionForm::Named { service: Glob::literal("svc"), name: Glob::literal("get") };
    let actions = ir.action_sets.intern(ActionSet { negated: false, patterns: vec![named] });
    let lists: Vec<u32> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let patterns = vec![bucket(&format!("{name}/*"))];
            let resources = ir.resource_sets.intern(ResourceSet { negated: false, patterns });
            let atom = ir.atoms.intern(text("k:name", name));
            let guard = Some(ir.guards.intern(vec![atom]));
            let rule = ir.rules.intern(Rule { effect: Effect::Allow, actions, resources, guard });
            ir.rule_lists.intern(vec![rule])
        })
        .collect();
    ir.sets.intern(lists.clone());
    let merged = build(&ir, Budget::default(), None).unwrap();
    ir.sets.intern(vec![lists.first().copied().unwrap_or(0)]);
    let with_one = build(&ir, Budget::default(), None).unwrap();
    assert!(merged.roots.nodes.len() < with_one.roots.nodes.len());
    assert_eq!(merged.roots.terminals.diagrams.words.len(), with_one.roots.terminals.diagrams.words.len());
}

#[test]
fn many_rules_in_one_automaton() {
    let tail = "long/".repeat(80);
    let rules = (0..1_500).map(|number| (Effect::Allow, bucket(&format!("{number:04}/{tail}")), Vec::new()));
    let automata = built(true, rules);
    assert_eq!(automata.roots.set_leaves, 0);
    assert!(automata.roots.nodes.len() < 1_500 * 150, "{}", automata.roots.nodes.len());
}
