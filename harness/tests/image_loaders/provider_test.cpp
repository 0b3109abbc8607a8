// The provider without a network: the raw loader, builds of a small library that stands in for
// libbpf, what the lock spares, and sources that cannot be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "image/loader_build.h"
#include "image/loader_provider.h"
#include "tests/image_loaders/scratch.h"

namespace bpfmatrix::image {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// Builds and installs as libbpf's Makefile does, with the same variables.
const char* const kMakefile =
    "all: $(OBJDIR)/libbpf.a\n"
    "$(OBJDIR)/libbpf.a: libbpf.c\n"
    "\tcc $(CFLAGS) -c libbpf.c -o $(OBJDIR)/libbpf.o && ar rcs $@ $(OBJDIR)/libbpf.o\n"
    "install: all\n"
    "\tmkdir -p $(DESTDIR)$(LIBDIR) $(DESTDIR)$(PREFIX)/include/bpf\n"
    "\tcp $(OBJDIR)/libbpf.a $(DESTDIR)$(LIBDIR)\n"
    "\techo 'const char* version(void);' > $(DESTDIR)$(PREFIX)/include/bpf/libbpf.h\n"
    "install_uapi_headers:\n";
const char* const kMain =
    "#include <bpf/libbpf.h>\n"
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "#include \"wire/protocol.h\"\n"
    "long __wrap_syscall(long number, ...) { return number; }\n"
    "int main(void) {\n"
    "  return printf(\"%s %s %d %ld\", version(), __FILE__, BPFM_LIBBPF_MINOR, syscall(7)) < 0;\n"
    "}\n";

SourceTree small_library() {
  return {{"src/Makefile", kMakefile},
          {"src/libbpf.c", "const char* version(void) { return \"small \" __FILE__; }\n"},
          {"src/libbpf.map", "LIBBPF_1.1.0 {\n};\n"}};
}

const spec::LoaderEntry kRaw{"raw", "raw", "", spec::RawLoader{}, {}};
const spec::LoaderEntry kCrate{"libbpf-1.1.1", "libbpf", "1.1.1", spec::CrateLibbpf{"1.1.1"}, {}};

class Provider : public Scratch {
 protected:
  void SetUp() override {
    write("share/guest/loader/main.c", kMain);
    write("share/guest/wire/protocol.h", "\n");
  }
  LoaderProvider::Options options_;
  base::Result<Loader> provide(const spec::LoaderEntry& entry) {
    return LoaderProvider(workspace_, data_, apt_, lock_, options_).provide(entry);
  }
  spec::LoaderEntry checkout(const SourceTree& files, const std::string& version = "1.1.0") {
    for (const auto& [path, content] : files) write("checkout/" + path, content);
    return {"mine", "libbpf", version, spec::CheckoutLibbpf{folder() / "checkout"}, {}};
  }
  // As if `kCrate` had been fetched and built before, with a binary of "binary".
  void lock_crate(const std::string& recipe) {
    const LibbpfSource source{small_library(), "crate libbpf-sys 1.1.1", std::string(64, 'a')};
    ASSERT_TRUE(keep_source(workspace_.sources(), source));
    lock_.loaders[kCrate.id] = {source.name, source.sha256,
                                ContentStore(workspace_.store()).put("binary").value(), recipe};
  }
  std::string recipe_of_crate() {
    return recipe_digest(std::string(64, 'a'), {1, 1, 1}, read_loader_sources(data_).value(),
                         identify_toolchain().value());
  }
  Workspace workspace_{folder() / "workspace"};
  DataFolder data_{folder() / "share"};
  AptRoot apt_{workspace_.apt(), {}};
  Lock lock_ = Lock::read(workspace_.lock()).value();
};

TEST_F(Provider, takes_the_raw_loader_as_it_was_built) {
  write("share/guest/loader-raw", "binary");
  const auto loader = provide(kRaw);
  ASSERT_TRUE(loader) << loader.error().message;
  EXPECT_EQ(loader->id, "raw");
  EXPECT_EQ(loader->sha256, base::sha256_hex("binary"));
  EXPECT_EQ(base::read_file(loader->binary).value(), "binary");
  const auto mode = fs::status(loader->binary).permissions();
  EXPECT_NE(mode & fs::perms::owner_exec, fs::perms::none);
}

TEST_F(Provider, says_that_a_raw_loader_was_not_built) {
  const auto loader = provide(kRaw);
  ASSERT_FALSE(loader);
  EXPECT_EQ(loader.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(loader.error().message, HasSubstr("loader raw: "));
}

TEST_F(Provider, builds_a_checkout_with_its_own_headers_and_writes_the_lock) {
  const auto loader = provide(checkout(small_library()));
  ASSERT_TRUE(loader) << loader.error().message;
  EXPECT_EQ(loader->version, "1.1.0");
  const Lock written = Lock::read(workspace_.lock()).value();
  ASSERT_TRUE(written.loaders.contains("mine"));
  EXPECT_EQ(written.loaders.at("mine").binary_sha256, loader->sha256);
  EXPECT_EQ(written.loaders.at("mine").source_sha256, digest_of(small_library()));
  // An edit makes another loader; taking it back, the first one.
  SourceTree edited = small_library();
  edited["src/libbpf.c"] = "const char* version(void) { return \"edited\"; }\n";
  EXPECT_NE(provide(checkout(edited)).value().sha256, loader->sha256);
  EXPECT_EQ(provide(checkout(small_library())).value().sha256, loader->sha256);
}

TEST_F(Provider, reads_the_version_of_a_checkout_whose_entry_has_none) {
  EXPECT_EQ(provide(checkout(small_library(), "")).value().version, "1.1.0");
}

TEST_F(Provider, says_in_the_last_lines_of_a_failed_build_what_failed) {
  SourceTree broken = small_library();
  broken["src/libbpf.c"] = "#error no such luck\n";
  const auto loader = provide(checkout(broken));
  ASSERT_FALSE(loader);
  EXPECT_EQ(loader.error().kind, base::ErrorKind::process);
  EXPECT_THAT(loader.error().message, HasSubstr("make libbpf: exit code 2"));
  EXPECT_THAT(loader.error().message, HasSubstr("no such luck"));
  EXPECT_TRUE(lock_.loaders.empty());
}

TEST_F(Provider, does_nothing_when_recipe_and_store_agree_with_the_lock) {
  lock_crate(recipe_of_crate());
  // Neither the source nor cargo is asked: there is none to be had.
  fs::remove_all(workspace_.sources());
  const auto loader = provide(kCrate);
  ASSERT_TRUE(loader) << loader.error().message;
  EXPECT_EQ(base::read_file(loader->binary).value(), "binary");
  EXPECT_EQ(loader->source, "crate libbpf-sys 1.1.1");
}

TEST_F(Provider, builds_again_from_the_kept_source_when_the_loader_sources_changed) {
  lock_crate(recipe_of_crate());
  write("share/guest/loader/main.c", std::string(kMain) + "int more;\n");
  const auto loader = provide(kCrate);
  ASSERT_TRUE(loader) << loader.error().message;
  EXPECT_NE(loader->sha256, base::sha256_hex("binary"));
  EXPECT_EQ(lock_.loaders.at(kCrate.id).source_sha256, std::string(64, 'a'));
  EXPECT_EQ(lock_.loaders.at(kCrate.id).recipe_sha256, recipe_of_crate());
}

TEST_F(Provider, builds_again_when_the_store_lost_or_spoiled_the_binary) {
  lock_crate(recipe_of_crate());
  const auto spoiled = provide(kCrate).value().binary;
  ASSERT_TRUE(base::write_file(spoiled, "spoiled"));
  const auto loader = provide(kCrate);
  ASSERT_TRUE(loader) << loader.error().message;
  EXPECT_THAT(base::read_file(loader->binary).value(), HasSubstr("ELF"));
}

TEST_F(Provider, offline_builds_what_is_in_the_workspace_and_fetches_nothing) {
  options_.offline = true;
  const auto absent = provide(kCrate);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(absent.error().message, HasSubstr("--offline forbids to fetch it"));
  EXPECT_TRUE(provide(checkout(small_library())));
  lock_crate("of another compiler");
  EXPECT_TRUE(provide(kCrate)) << "its source was kept";
}

TEST_F(Provider, locked_adds_nothing_to_the_lock_and_moves_nothing_in_it) {
  options_.locked = true;
  const auto added = provide(checkout(small_library()));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(added.error().message, HasSubstr("--locked forbids to add it"));
  options_.locked = false;
  const auto first = provide(checkout(small_library()));
  ASSERT_TRUE(first);
  options_.locked = true;
  EXPECT_EQ(provide(checkout(small_library())).value().sha256, first->sha256);
  SourceTree edited = small_library();
  edited["src/libbpf.c"] = "const char* version(void) { return \"edited\"; }\n";
  const auto moved = provide(checkout(edited));
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().message, HasSubstr("--locked forbids to move"));
  EXPECT_EQ(lock_.loaders.at("mine").binary_sha256, first->sha256);
}

TEST_F(Provider, looks_only_when_it_is_not_to_build) {
  options_.build = false;
  const auto absent = provide(checkout(small_library()));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, base::ErrorKind::unavailable);
  EXPECT_TRUE(lock_.loaders.empty());
  lock_crate(recipe_of_crate());
  EXPECT_TRUE(provide(kCrate));
}

TEST_F(Provider, names_a_checkout_that_is_not_there) {
  const auto loader =
      provide({"mine", "libbpf", "1.1.2", spec::CheckoutLibbpf{folder() / "absent"}, {}});
  ASSERT_FALSE(loader);
  EXPECT_THAT(loader.error().message, HasSubstr((folder() / "absent").string()));
  EXPECT_TRUE(lock_.loaders.empty());
}

TEST_F(Provider, refuses_what_is_no_crate_version_before_cargo_runs) {
  const auto loader =
      provide({"mine", "libbpf", "1.1.2", spec::CrateLibbpf{"1.1\"\npath = \"/\""}, {}});
  ASSERT_FALSE(loader);
  EXPECT_EQ(loader.error().kind, base::ErrorKind::invalid_input);
}

class Build : public Provider {};

TEST_F(Build, gives_the_same_bytes_in_another_folder_and_no_path_of_it) {
  const SourceTree loader = read_loader_sources(data_).value();
  const LibbpfVersion version{1, 1, 0};
  const auto first = build_loader(small_library(), version, loader, folder() / "a");
  const auto second = build_loader(small_library(), version, loader, folder() / "longer/name");
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(*first == *second);
  EXPECT_THAT(*first, Not(HasSubstr(folder().string())));
  EXPECT_THAT(*first, HasSubstr("guest/loader/main.c"));
  const auto other = build_loader(small_library(), {1, 2, 0}, loader, folder() / "a");
  EXPECT_FALSE(*first == other.value()) << "the version is compiled in";
}

TEST_F(Build, refuses_a_folder_that_make_cannot_build_in) {
  const auto built = build_loader(small_library(), {1, 1, 0}, read_loader_sources(data_).value(),
                                  folder() / "with space");
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, HasSubstr("space"));
}

}  // namespace
}  // namespace bpfmatrix::image
