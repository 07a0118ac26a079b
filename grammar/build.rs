//! Makes the parser of `.gate` files from its grammar.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/gate/syntax.lalrpop");
    // Other than by file, the parser goes to the build's own folder.
    lalrpop::Configuration::new().set_in_dir("src").process()
}
